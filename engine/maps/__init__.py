"""Classified rasters as input."""
