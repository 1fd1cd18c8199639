"""What all studies share: where files are, what is measured once, tables, error measures."""
