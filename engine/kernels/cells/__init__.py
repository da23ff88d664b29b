"""Iterations that look only at pixels whose class is in doubt: pixels are held by cells of feature space."""
