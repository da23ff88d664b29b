"""Band roles: what a band means, whatever the sensor calls it."""

from __future__ import annotations

# The order is the meaning of the BANDS parameter and of signatures.json; append only, never reorder.
ROLES = ("blue", "green", "red", "nir", "swir1", "swir2")

MOST_BANDS = 10
"""Bands of one run at most: as many as the kernels are proved exact for.

`kernels.numpy_kernel` needs 3 B 2**48 + 63 < 2**53, so B <= 10; the others have room and bounds for as many.
"""

# Centre wavelengths in micrometres, of OLI (USGS "What are the band designations for the Landsat satellites?",
# middle of each range); TM and ETM+ lie within 0.02 of them except nir (0.83).
WAVELENGTHS = {"blue": 0.482, "green": 0.561, "red": 0.655, "nir": 0.865, "swir1": 1.609, "swir2": 2.201}
