"""Band roles: what a band means, whatever the sensor calls it."""

from __future__ import annotations

# The order is the meaning of the BANDS parameter and of signatures.json; append only, never reorder.
ROLES = (
    "blue", "green", "red", "nir", "swir1", "swir2",
    "coastal", "yellow", "green1", "rededge1", "rededge2", "rededge3", "nir_broad",
)  # fmt: skip

USUAL = ROLES[:6]
"""What nearly every sensor for land has; of these, an empty BANDS takes those that all scenes have."""

MOST_BANDS = 10
"""Bands of one run at most: as many as the kernels are proved exact for.

`kernels.numpy_kernel` needs 3 B 2**48 + 63 < 2**53, so B <= 10; the others have room and bounds for as many.
"""

# Centre wavelengths in micrometres. The first six and coastal are those of OLI (USGS "What are the band designations
# for the Landsat satellites?", middle of each range); TM and ETM+ lie within 0.02 of them except nir (0.83), other
# sensors within 0.03. Red edges and broad nir are bands 5, 6, 7 and 8 of Sentinel-2A (ESA, spectral responses of the
# MultiSpectral Instrument); PlanetScope's red edge, 0.705, is the first. Yellow and green1 are of PlanetScope's
# SuperDove (Planet, "PlanetScope instruments", middle of 600-620 and 513-549 nm).
WAVELENGTHS = {
    "blue": 0.482,
    "green": 0.561,
    "red": 0.655,
    "nir": 0.865,
    "swir1": 1.609,
    "swir2": 2.201,
    "coastal": 0.443,
    "yellow": 0.610,
    "green1": 0.531,
    "rededge1": 0.704,
    "rededge2": 0.741,
    "rededge3": 0.783,
    "nir_broad": 0.833,
}
