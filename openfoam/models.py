"""Names of turbulence models: those of the library in ``src``, and the one that is corrected."""

STRESS_MODEL, CORRECTED_MODEL = MODELS = ("vcnn", "vcnnKOmegaSST")
BASELINE = "kOmegaSST"
