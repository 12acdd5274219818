"""Images on pages: how they are encoded, and galleries of them."""
