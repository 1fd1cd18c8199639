"""Damaged and hostile files, made from valid ones: whatever is in them, a command answers."""
