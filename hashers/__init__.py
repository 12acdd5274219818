"""The built-in hashing methods and their backbones."""
