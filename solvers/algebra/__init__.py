"""Linear and nonlinear systems."""
