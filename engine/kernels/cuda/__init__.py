"""Labelling on a CUDA card."""
