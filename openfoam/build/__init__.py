"""The library that OpenFOAM loads: which OpenFOAM is here, its headers, compiling."""
