"""The page on what a solver and its closure did in a case, from the files of the case alone."""
