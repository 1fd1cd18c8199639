"""Closures in the loop: a flow and the fields predicted from it, solved together."""
