"""Names and text to configured plugins, and a hash of their code."""
