"""Facts derived from a mesh: facets, cells, gradients, distances to walls, periods."""
