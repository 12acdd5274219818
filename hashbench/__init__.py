"""hashbench: how easily can deep-hashing image retrieval be fooled?"""

__version__ = "0.1.0"
