"""All that Numba compiles."""
