"""How accurate, how fast and how frame-independent networks are."""
