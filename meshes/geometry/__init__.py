"""What can be said of a mesh: its facets, boundaries, cells, periods, gradients and distances to
walls.
"""
