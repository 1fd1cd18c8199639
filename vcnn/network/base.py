"""What a network must have."""

ROWS = (
    2**14
)  # rows of pair data a network handles at once: activations stay in the cache, in double precision too
