"""Flows as files of other codes."""
