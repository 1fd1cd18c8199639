"""The process that OpenFOAM's turbulence model asks for what a closure predicts."""
