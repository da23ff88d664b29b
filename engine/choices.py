"""The choices a user has, by name; free of imports, so that a dialog can list them without NumPy.

The order of each tuple is the meaning of a number in models and scripts: never reorder, only append.
"""

from __future__ import annotations

MINIMUM_MAXIMUM = "minimum-maximum"
PERCENTILE_RANGE = "2-98 %"
PLUS_PLUS = "k-means++"
SIGNATURES_FILE = "signatures file"
COARSE_TO_FINE = "coarse-to-fine"
STARTS = (MINIMUM_MAXIMUM, PERCENTILE_RANGE, PLUS_PLUS, SIGNATURES_FILE, COARSE_TO_FINE)

TOGETHER = "all scenes together"
EACH_SCENE = "each scene on its own"
MODES = (TOGETHER, EACH_SCENE)

AUTOMATIC, CPU, GPU = "automatic", "CPU", "GPU"
DEVICES = (AUTOMATIC, CPU, GPU)
"""What labels. Never changes the result."""

EQUAL, PROPORTIONAL, PROPORTIONAL_LEAST = "equal", "proportional", "proportional with a least number"
ALLOCATIONS = (EQUAL, PROPORTIONAL, PROPORTIONAL_LEAST)
"""How sample points are shared out among the classes."""

# 0 is nodata in the uint8 rasters, 255 is left to software that insists on it.
MIN_K, MAX_K = 2, 254

DEFAULT_K = 8
DEFAULT_MAX_ITERATIONS = 100
DEFAULT_TOLERANCE = 1.0
DEFAULT_SEED = 42

# Of the advice on the number of classes: the range tried, and the pixels of the sample. With more than 50 000 pixels
# the clusterings would take longer than reading full scenes.
DEFAULT_K_MIN, DEFAULT_K_MAX = 2, 16
DEFAULT_SAMPLE = 20_000
MIN_SAMPLE, MAX_SAMPLE = 100, 50_000

# Of the benchmark: enough iterations for the later, cheaper ones to show; about half a series of three full scenes, so
# that one thread of NumPy takes some seconds; the best of three runs, because other programs only add.
DEFAULT_BENCHMARK_ITERATIONS = 5
DEFAULT_BENCHMARK_PIXELS = 60_000_000
DEFAULT_REPEATS, MAX_REPEATS = 3, 100

# Of sample points: at least 50 a class are advised (Olofsson et al. 2014, section 5.1.1), and 600 are enough for twelve
# classes; more than a million points nobody looks at, and they are held in memory.
DEFAULT_POINTS, MAX_POINTS = 600, 1_000_000
DEFAULT_LEAST = 50
