"""The engine of IIkMC: exact k-means over many Landsat scenes, without QGIS.

In the order of the data, from folders of scenes to rasters, signatures and report. Each part imports only from the
lines above its own, type hints included, and ``LAYERS`` in tests/test_architecture.py holds it to that::

    errors      what a user can meet, in words that help
    choices     what a user can choose, by name
    quantities  numbers, sizes and times as people read them
    version     which version this is
    clock       what the stages of a run take
    colours     red, green and blue; "#rrggbb"; a colour for a class that has none
    arrays      the types of arrays and their units
    progress    whom to tell, and who may cancel
    machine     what this computer has: cores, memory, disk, a folder to keep things in
    installing  how to get a Python package on this platform
    text_files  small text files: read with bounds, written so that other programs read them
    claims      what live runs hold, and what killed ones left
    paths       which paths are one file, and that no output is an input
    ranges      the range of every number that a user may set
    sensors     what a product is: bands, bits and scale as data, and what reads names and metadata
    scenes      from folders to checked scenes; the only door to rasterio for reading
    request_checks  what the checks of requests have in common
    requests    what the user asks of each tool, checked before anything is read
    map_requests  what the user asks of the tools that take classified rasters
    execution   where work is done: threads
    compiled    all that Numba compiles
    pixels      from strips of scenes to valid pixels, one strip at a time
    kernels     from pixels and centres to labels and tallies: NumPy, Numba, CUDA
    centres     from tallies to centres: the starts, and k-means itself
    results     from labels to files, and the formats of these
    maps        classified rasters as input
    quality     numbers about classes: how many suit, how far apart they are
    passes      the steps over all strips: reading, labelling, writing
    estimates   what a run will take, told before it begins
    measuring   what the benchmark measures
    report      the pages that people read
    runs        the tools, named as their ids, and the steps that they share: each puts the above in order
    public      the names that scripts may rely on

The front door, which scripts may rely on: ``from iikmc.engine import ...``::

  scenes    find_scenes, check_series, Scene, Selection, MaskRule, Area, ROLES, FLAGS
  tools     cluster, classify, audit, suggest_k, compare, name_classes, merge_classes, follow_series, sample_points,
            assess_accuracy, benchmark
  asking    Request, ClassifyRequest, AuditRequest, SuggestRequest, TransitionRequest, NamesRequest, MergeRequest,
            SeriesRequest, SampleRequest, AccuracyRequest, ReferencePoints, BenchmarkRequest
  choices   MINIMUM_MAXIMUM, PERCENTILE_RANGE, PLUS_PLUS, SIGNATURES_FILE, COARSE_TO_FINE (start);
            TOGETHER, EACH_SCENE (mode); AUTOMATIC, CPU, GPU (device);
            EQUAL, PROPORTIONAL, PROPORTIONAL_LEAST (allocation)
  answers   Result, EachResult, AuditResult, Suggestion, Transitions, Named, SeriesResult, PointSample, Assessment,
            BenchmarkResult, Signatures, read_signatures
  progress  Progress, Silent
  errors    IIkMCError

Nothing here imports QGIS, and this file imports nothing before a name is asked for, so that a missing package is
reported by whoever needs it and not by ``import iikmc.engine``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .public import *  # noqa: F403 - what a type checker sees is what there is

__all__ = [  # noqa: F405
    "AUTOMATIC",
    "COARSE_TO_FINE",
    "CPU",
    "EACH_SCENE",
    "EQUAL",
    "FLAGS",
    "GPU",
    "MINIMUM_MAXIMUM",
    "PERCENTILE_RANGE",
    "PLUS_PLUS",
    "PROPORTIONAL",
    "PROPORTIONAL_LEAST",
    "ROLES",
    "SIGNATURES_FILE",
    "TOGETHER",
    "AccuracyRequest",
    "Area",
    "Assessment",
    "AuditRequest",
    "AuditResult",
    "BenchmarkRequest",
    "BenchmarkResult",
    "ClassifyRequest",
    "EachResult",
    "IIkMCError",
    "MaskRule",
    "MergeRequest",
    "Named",
    "NamesRequest",
    "PointSample",
    "Progress",
    "ReferencePoints",
    "Request",
    "Result",
    "SampleRequest",
    "Scene",
    "Selection",
    "SeriesRequest",
    "SeriesResult",
    "Signatures",
    "Silent",
    "SuggestRequest",
    "Suggestion",
    "TransitionRequest",
    "Transitions",
    "assess_accuracy",
    "audit",
    "benchmark",
    "check_series",
    "classify",
    "cluster",
    "compare",
    "find_scenes",
    "follow_series",
    "merge_classes",
    "name_classes",
    "read_signatures",
    "sample_points",
    "suggest_k",
]


def __getattr__(name: str) -> Any:
    """Return a public name, loading what it needs."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no public name {name!r}")
    # By a statement, not importlib: QGIS watches those to know which modules go when a plugin is updated or reloaded.
    from . import public

    return getattr(public, name)
