"""Tests; a package, so that `tests.support` is found wherever pytest was started."""
