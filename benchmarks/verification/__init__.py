"""Solvers against exact solutions, balances, other codes and measurements."""
