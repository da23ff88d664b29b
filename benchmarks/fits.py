"""One library a function: fit a pixel set from a given start with given numbers of iterations, in this process.

An iteration is one labelling of all pixels and one update of all centres. After its last update scikit-learn and
sklearnex label once more, and so do we, so that labels and centres belong together; faiss does not.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import kernels, series
from .settings import K

GRID = 64
"""Our centres are in 1/64 DN."""


def ours(
    folder: str,
    threads: int,
    iterations: Sequence[int],
    repeats: int,
    kernel: str = kernels.CHOSEN,
    k: int = K,
    pixels: int | None = None,
    keep: bool = False,
) -> dict[str, Any]:
    """Fit with a kernel of the engine, from the set's start or, for a part of the set, one like it.

    The labels and centres of the largest number of iterations are kept for the others to be compared with, if asked.
    """
    from iikmc.engine.centres.kmeans import StopRule
    from iikmc.engine.execution.threads import one_blas_thread

    used = kernels.kernel_named(kernel)
    if pixels is None:
        centres = np.load(series.start_of(folder, k))
    else:
        centres = series.start(series.read_pixels(folder, 0, pixels), k)
    seconds: dict[int, list[float]] = {number: [] for number in iterations}
    steps: list[float] = []
    with one_blas_thread():
        _warm(folder, centres, used, threads)
        for number in list(iterations) * repeats:
            blocks = series.blocks(folder, pixels)
            began = time.perf_counter()
            own = kernels.for_a_fit(kernel, used)
            fit, members, labels = _lloyd(blocks, centres, StopRule(number + 1, 0.0), own, threads)
            seconds[number].append(time.perf_counter() - began)
            if number == max(iterations):
                steps = [record.seconds for record in fit.iterations]
                digest, empty = _digest(labels, fit.centres), int((members == 0).sum())
                if keep:
                    np.save(_kept(folder, k, "labels"), np.concatenate(labels))
                    np.save(_kept(folder, k, "centres"), fit.centres)
    return {
        **_times(seconds),
        "steps": steps,
        "digest": digest,
        "empty": empty,
        "kernel": used.name,
        "versions": _versions("numpy", "numba"),
    }


def whole_run(
    folder: str, threads: int, kernel: str, k: int, tolerance: float, most: int, repeats: int
) -> dict[str, Any]:
    """Fit from the default start to the stop rule.

    Within the time is all that a kernel makes of the pixels before, during and after the iterations; before it the
    pixels are read into memory, as they are for the libraries.

    Parameters
    ----------
    folder, threads, kernel, k, repeats
        As for `ours`.
    tolerance, most
        TOLERANCE and MAX_ITERATIONS.
    """
    from iikmc.engine.centres.kmeans import StopRule
    from iikmc.engine.execution.threads import one_blas_thread

    used = kernels.kernel_named(kernel)
    centres = series.default_start(series.read_pixels(folder), k)
    seconds: list[float] = []
    with one_blas_thread():
        _warm(folder, centres, used, threads)
        for _ in range(repeats):
            blocks = series.blocks(folder)
            began = time.perf_counter()
            own = kernels.for_a_fit(kernel, used)
            fit, _, labels = _lloyd(blocks, centres, StopRule(most, tolerance), own, threads)
            seconds.append(time.perf_counter() - began)
    return {
        "seconds": seconds,
        "iterations": len(fit.iterations),
        "steps": [record.seconds for record in fit.iterations],
        "converged": fit.converged,
        "digest": _digest(labels, fit.centres),
        "kernel": used.name,
    }


# Pixels that load and compile everything.
_WARM = 50_000


def _warm(folder: str, start: np.ndarray, kernel: Any, threads: int) -> None:
    """Label once with a fresh block, then with one that is labelled already."""
    from iikmc.engine.centres.kmeans import StopRule

    _lloyd(series.blocks(folder, _WARM), start, StopRule(6, 0.0), kernel, threads)


def _kept(folder: str, k: int, what: str) -> Path:
    """Return the file of the labels or centres that others are compared with."""
    return Path(folder) / f"{what}_{k}.npy"


def _lloyd(blocks: Sequence[Any], start: np.ndarray, stop: Any, kernel: Any, threads: int) -> Any:
    """Return the fit, the fewest members that each class had, and the labels of each block."""
    from iikmc.engine.execution.threads import ThreadExecutor
    from iikmc.engine.passes.iterate import Population, iterate
    from iikmc.engine.passes.site import loose_site
    from iikmc.engine.progress import Silent

    site = loose_site(blocks, len(start), kernel)
    population = Population(tuple(block.strip for block in blocks), sum(block.size for block in blocks))
    fewest = np.full(len(start), np.iinfo(np.int64).max)

    def keep(fit: Any) -> None:
        np.minimum(fewest, fit.tally.count, out=fewest)

    fit = iterate(ThreadExecutor(site, threads), population, start, stop, Silent(), keep)
    return fit, fewest, [site.shelved(block.strip).labels() for block in blocks]


def _digest(labels: Sequence[np.ndarray], centres: np.ndarray) -> str:
    found = hashlib.sha256(np.ascontiguousarray(centres, np.int64).tobytes())
    for part in labels:
        found.update(part.tobytes())
    return found.hexdigest()


def scikit_learn(folder: str, threads: int, iterations: Sequence[int], repeats: int, k: int = K) -> dict[str, Any]:
    """Fit with scikit-learn's KMeans, Lloyd's algorithm."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads):
        return _estimator(KMeans, folder, k, iterations, repeats, "scikit-learn")


def scikit_learn_64(folder: str, threads: int, iterations: Sequence[int], repeats: int, k: int = K) -> dict[str, Any]:
    """Fit likewise in float64, whose sums are exact enough to check the results of all."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads):
        return _estimator(KMeans, folder, k, iterations, min(repeats, 2), "scikit-learn", dtype=np.float64)


def sklearnex(folder: str, threads: int, iterations: Sequence[int], repeats: int, k: int = K) -> dict[str, Any]:
    """Fit with the KMeans of scikit-learn-intelex, computed by oneDAL."""
    import logging

    import daal4py
    from sklearnex.cluster import KMeans

    daal4py.daalinit(threads)
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("sklearnex").addHandler(handler)
    logging.getLogger("sklearnex").setLevel(logging.INFO)
    told = _estimator(KMeans, folder, k, iterations, repeats, "scikit-learn-intelex", "scikit-learn", "daal")
    return {**told, "path": sorted({line for line in said if "fit" in line})}


def _estimator(
    kind: Any, folder: str, k: int, iterations: Sequence[int], repeats: int, *packages: str, dtype: Any = np.float32
) -> dict[str, Any]:
    pixels, start = _matrix(folder, dtype), _start(folder, k).astype(dtype)
    fitted: dict[str, Any] = {}

    def fit(number: int) -> None:
        model = kind(n_clusters=len(start), init=start, n_init=1, max_iter=number, tol=0, algorithm="lloyd")
        fitted["model"] = model.fit(pixels)

    seconds = _timed(fit, iterations, repeats)
    model = fitted["model"]
    told = _agreement(folder, k, model.cluster_centers_, model.labels_)
    return {**_times(seconds), **told, "done": int(model.n_iter_), "versions": _versions("numpy", *packages)}


def faiss(folder: str, threads: int, iterations: Sequence[int], repeats: int, k: int = K) -> dict[str, Any]:
    """Fit with faiss's Clustering over all pixels; its closing labelling for the comparison is not timed."""
    import faiss as library

    library.omp_set_num_threads(threads)
    pixels, start = _matrix(folder), _start(folder, k)
    n_bands = start.shape[1]
    fitted: dict[str, Any] = {}

    def fit(number: int) -> None:
        settings = library.ClusteringParameters()
        settings.niter = number
        settings.max_points_per_centroid = len(pixels)  # otherwise it takes a sample
        settings.min_points_per_centroid = 1
        clustering, index = library.Clustering(n_bands, k, settings), library.IndexFlatL2(n_bands)
        library.copy_array_to_vector(start.ravel(), clustering.centroids)
        clustering.train(pixels, index)
        fitted["centres"], fitted["index"] = library.vector_to_array(clustering.centroids).reshape(k, n_bands), index

    seconds = _timed(fit, iterations, repeats)
    labels = np.empty(len(pixels), np.int64)
    for first in range(0, len(pixels), series.BLOCK):
        part = slice(first, first + series.BLOCK)
        labels[part] = fitted["index"].search(pixels[part], 1)[1][:, 0]
    return {
        **_times(seconds),
        **_agreement(folder, k, fitted["centres"], labels),
        "versions": _versions("numpy", "faiss-cpu"),
    }


def _matrix(folder: str, dtype: Any = np.float32) -> np.ndarray:
    """Return the pixels as the libraries want them, (n, n_bands) floats; made before the clock starts."""
    n_bands, n = series.shape_of(folder)
    pixels = np.empty((n, n_bands), dtype)
    for first in range(0, n, series.BLOCK):
        part = slice(first, min(first + series.BLOCK, n))
        pixels[part] = series.read_pixels(folder, first, part.stop - first).T
    return pixels


def _start(folder: str, k: int) -> np.ndarray:
    return np.ascontiguousarray(np.load(series.start_of(folder, k)) / GRID, np.float32)


def _timed(fit: Callable[[int], None], iterations: Sequence[int], repeats: int) -> dict[int, list[float]]:
    """Time the numbers of iterations in turn, so that whatever disturbs the machine meets each of them."""
    fit(1)  # libraries start their threads at the first call
    seconds: dict[int, list[float]] = {number: [] for number in iterations}
    for _ in range(repeats):
        for number in iterations:
            began = time.perf_counter()
            fit(number)
            seconds[number].append(time.perf_counter() - began)
    return seconds


def _times(seconds: dict[int, list[float]]) -> dict[str, Any]:
    """Return all times, and the cost of one iteration as the difference of the best ones."""
    few, many = min(seconds), max(seconds)
    each = (min(seconds[many]) - min(seconds[few])) / max(many - few, 1)
    return {"seconds": {str(number): runs for number, runs in seconds.items()}, "each": each, "iterations": many}


def _agreement(folder: str, k: int, centres: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Return how far a peer's centres lie from ours, in DN, and how many labels differ."""
    exact = np.load(_kept(folder, k, "centres")) / GRID
    kept = np.load(_kept(folder, k, "labels"), mmap_mode="r")
    different = 0
    for first in range(0, len(kept), series.BLOCK):
        part = slice(first, first + series.BLOCK)
        different += int(np.count_nonzero(kept[part] != labels[part] + 1))
    return {"centres_dn": float(np.abs(centres - exact).max()), "different": different}


def _versions(*packages: str) -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
