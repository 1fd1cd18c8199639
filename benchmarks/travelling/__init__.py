"""A correction of k-ω SST for all families of flows, and what it costs to be general."""
