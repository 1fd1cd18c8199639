"""A scalar that a flow carries."""
