"""Simulate Landsat Collection 2 Level-2 scene folders: one landscape seen by several sensors on several dates.

Real scenes are gigabytes and cannot travel with the code; tests, the demonstration and the benchmark need scenes that
behave like them: tilted footprints, fill, clouds with shadows, mixed sensors, shifted grids, two UTM zones and the
oddities that real products have. The landscape is a function of map coordinates, so scenes of one UTM zone show the
same place whatever their grids; everything is a function of the seed, never of the strip size or the number of threads.

Needs numpy and rasterio only. As a command::

    python benchmarks/simulate.py OUT_DIR --scenes 3 --width 1500 --height 1500

The numbers about the products come from USGS LSDS-1619 and LSDS-1618 and from real files; those about land covers are
rounded from Landsat spectra of central Europe and are meant to look right, not to be measurements.
"""

from __future__ import annotations

import sys

# Run as a file there is no package around this one, and its folder is where Python looks first.
if __package__:
    from .simulation import *  # noqa: F403
else:
    from simulation import *  # noqa: F403

if __name__ == "__main__":
    sys.exit(main())  # noqa: F405
