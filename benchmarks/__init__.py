"""The benchmark: `make bench`, or a part of it alone, such as ``python -m benchmarks.decode --quick``.

Importing it makes the checkout importable as ``iikmc``, whatever its folder is called, as QGIS and the tests do.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if "iikmc" not in sys.modules:
    _spec = importlib.util.spec_from_file_location(
        "iikmc", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    if _spec is None or _spec.loader is None:
        raise ImportError(f"{ROOT} is no checkout of IIkMC: it has no __init__.py.")
    _package = importlib.util.module_from_spec(_spec)
    sys.modules["iikmc"] = _package
    _spec.loader.exec_module(_package)
