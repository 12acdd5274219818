"""Hashers published with a card, and taken over."""
