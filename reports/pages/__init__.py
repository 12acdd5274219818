"""Pages: what they show, and what every page carries."""
