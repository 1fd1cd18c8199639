"""Laws of stochastic bodies: exact ones, and networks of other kinds beside them."""
