"""The names that scripts may rely on, in one place; `iikmc.engine` loads them from here when they are asked for.

This module imports everything, so it needs NumPy, and nothing in the engine imports it.
"""

from __future__ import annotations

from .choices import (
    AUTOMATIC,
    COARSE_TO_FINE,
    CPU,
    EACH_SCENE,
    GPU,
    MINIMUM_MAXIMUM,
    PERCENTILE_RANGE,
    PLUS_PLUS,
    SIGNATURES_FILE,
    TOGETHER,
)
from .errors import IIkMCError
from .maps.transition import Transitions
from .measuring.timings import BenchmarkResult
from .progress import Progress, Silent
from .quality.indices import Suggestion
from .requests import AuditRequest, BenchmarkRequest, ClassifyRequest, Request, SuggestRequest, TransitionRequest
from .results.result import EachResult, Result
from .results.signatures import Signatures
from .results.signatures_file import read as read_signatures
from .runs.audit import AuditResult
from .runs.audit import audit_scenes as audit
from .runs.benchmark import benchmark
from .runs.classify import classify
from .runs.each import run_in_mode as cluster
from .runs.suggestk import suggest as suggest_k
from .runs.transitions import compare
from .scenes.area import Area
from .scenes.check import check_series
from .scenes.scene import Scene
from .scenes.search import find_scenes
from .scenes.selection import MaskRule, Selection
from .sensors.landsat.bands import ROLES
from .sensors.landsat.qa import FLAGS
