"""Reference flows of other codes, as problems of this one."""
