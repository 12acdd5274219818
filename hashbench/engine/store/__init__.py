"""The store of products, and its inventory."""
