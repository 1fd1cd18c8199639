"""What several test modules share: flows, closures, problems, and how commands are run."""
