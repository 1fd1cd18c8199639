"""The verbs of ``vcnn openfoam``."""
