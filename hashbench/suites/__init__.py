"""Named experiments as TOML files."""
