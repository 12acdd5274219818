"""The codes that attacks steer to."""
