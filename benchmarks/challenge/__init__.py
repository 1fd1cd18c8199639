"""A submission to the Closure Challenge."""
