"""The names that scripts may rely on, in one place; `iikmc.engine` loads them from here when they are asked for.

This module imports everything, so it needs NumPy, and nothing in the engine imports it.
"""

from __future__ import annotations

from .choices import (
    AUTOMATIC,
    COARSE_TO_FINE,
    CPU,
    EACH_SCENE,
    EQUAL,
    GPU,
    MINIMUM_MAXIMUM,
    PERCENTILE_RANGE,
    PLUS_PLUS,
    PROPORTIONAL,
    PROPORTIONAL_LEAST,
    SIGNATURES_FILE,
    TOGETHER,
)
from .errors import IIkMCError, in_one_sentence
from .map_requests import (
    AccuracyRequest,
    MergeRequest,
    NamesRequest,
    ReferencePoints,
    SampleRequest,
    SeriesRequest,
    TransitionRequest,
)
from .maps.assessment import Assessment
from .maps.transition import Transitions
from .measuring.timings import BenchmarkResult
from .progress import Progress, Silent
from .quality.indices import Suggestion
from .requests import AuditRequest, BenchmarkRequest, ClassifyRequest, Request, SuggestRequest
from .results import signatures_file
from .results.result import EachResult, Result
from .results.signatures import Signatures
from .runs import accuracy as runs_accuracy
from .runs import benchmark as runs_benchmark
from .runs import classify as runs_classify
from .runs import each, merge, names, samplepoints, series, suggestk, transitions
from .runs.audit import AuditResult, audit_scenes
from .runs.names import Named
from .runs.samplepoints import PointSample
from .runs.series import SeriesResult
from .scenes import check, search
from .scenes.area import Area
from .scenes.scene import Scene
from .scenes.selection import MaskRule, Selection
from .sensors.flags import FLAGS
from .sensors.roles import ROLES

find_scenes = in_one_sentence(search.find_scenes, "The search for scenes")
check_series = in_one_sentence(check.check_series, "The check of the scenes")
read_signatures = in_one_sentence(signatures_file.read, "Reading the signatures")
cluster = in_one_sentence(each.run_in_mode, "The clustering")
classify = in_one_sentence(runs_classify.classify, "The classification")
audit = in_one_sentence(audit_scenes, "The audit")
suggest_k = in_one_sentence(suggestk.suggest, "The suggestion")
compare = in_one_sentence(transitions.compare, "The comparison")
benchmark = in_one_sentence(runs_benchmark.benchmark, "The benchmark")
sample_points = in_one_sentence(samplepoints.sample_points, "Drawing the points")
assess_accuracy = in_one_sentence(runs_accuracy.assess_accuracy, "The assessment")
merge_classes = in_one_sentence(merge.merge, "The merging")
name_classes = in_one_sentence(names.give_names, "The naming")
follow_series = in_one_sentence(series.follow_series, "The series")
