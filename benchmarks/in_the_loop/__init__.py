"""Closures in the loop of our own solver."""
