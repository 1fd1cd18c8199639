"""The verbs that solve."""
