#!/usr/bin/python3
"""Random valid jobs, one after the other, each compared bit for bit with tools/soak_reference.py.

/usr/bin/python3 tools/soak.py [MINUTES [SEED]]

Each job has a seed of its own, SEED, SEED + 1, ...; of one that differs it is printed, and `make soak SEED=...` begins
with that job again. Memory, threads, open files and temporary files are watched as well. Ends with 1 on any fault.
"""

from __future__ import annotations

import gc
import os
import random
import shutil
import statistics
import sys
import tarfile
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "soak"
sys.path.insert(0, str(ROOT))

import qgis_run  # noqa: E402 - beside this file

_STARTED = "IIKMC_SOAK"

if __name__ == "__main__" and _STARTED not in os.environ:
    python = str(ROOT / ".venv" / "bin" / "python")
    environment = {**qgis_run.environment(ROOT / "build" / "test"), _STARTED: "1", "PYTHONWARNINGS": "ignore"}
    os.execve(python, [python, __file__, *sys.argv[1:]], environment)  # noqa: S606

import numpy as np  # noqa: E402
import soak_reference as reference  # noqa: E402

from benchmarks.simulate import write_scene  # noqa: E402

ROLES = ("blue", "green", "red", "nir", "swir1", "swir2")
NUMBERS = {"C": (2, 3, 4, 5, 6, 7), "T": (1, 2, 3, 4, 5, 7), "E": (1, 2, 3, 4, 5, 7)}
# Jobs before memory is looked at: libraries and caches are loaded by then.
_WARM = 20
# More growth than this from the second quarter of the jobs to the last is a leak. Jobs of many sizes leave gaps in the
# heap: 50 MB in 90 jobs were measured, while one and the same job took 243 MB after 12 times and 247 MB after 60.
_GROWTH_BYTES = 128 << 20


class Differs(Exception):
    """A job gave something else than the reference, or left something behind."""


@dataclass
class Job:
    """One random job."""

    seed: int
    """Makes it again."""
    rng: random.Random
    """Of this seed."""
    folder: Path
    """Its own."""
    scenes: list[reference.SceneData]
    """In the order of time."""
    paths: list[str]
    """SCENES, in any order."""
    options: dict
    """Of `Request`."""
    flags: tuple[str, ...]
    """MASK."""
    saturated: bool
    """MASK_SATURATED."""
    strip_pixels: int
    """Size of the units of work."""


class Told:
    """A progress that is cancelled at its n-th question."""

    def __init__(self, moment: int | None = None) -> None:
        self.asked, self.moment = 0, moment

    def report(self, fraction: float) -> None:
        """Do nothing."""

    def stage(self, text: str) -> None:
        """Do nothing."""

    note = warn = stage

    def cancelled(self) -> bool:
        """Count, and say whether it is time."""
        self.asked += 1
        return self.moment is not None and self.asked >= self.moment


def make_job(seed: int, folder: Path) -> Job:
    """Draw a job and write its scenes."""
    rng = random.Random(seed)  # noqa: S311 - for jobs, not for secrets
    numbers = np.random.default_rng(seed)
    scenes, paths = [], []
    days = rng.sample(range(1, 29), rng.randint(1, 4))
    for day in sorted(days):
        letter, satellite = rng.choice([("C", 8), ("C", 9), ("T", 5), ("T", 4), ("E", 7)])
        name = f"L{letter}0{satellite}_L2SP_190027_202105{day:02}_20210601_02_T1"
        scenes.append(_make_scene(name, rng, numbers))
        paths.append(str(_write(scenes[-1], folder / "scenes", rng)))
    rng.shuffle(paths)
    roles = tuple(role for role in ROLES if rng.random() < 0.8) or ("nir",)
    flags = tuple(flag for flag in reference.QA_BITS if rng.random() < 0.5)
    options = {
        "k": rng.randint(2, 14),
        "roles": roles,
        "mode": "each scene on its own" if rng.random() < 0.2 else "all scenes together",
        "start": rng.choice(["minimum-maximum", "minimum-maximum", "2-98 %", "k-means++", "coarse-to-fine"]),
        "max_iterations": rng.choice([1, 2, 5, 12, 30]),
        "tolerance": rng.choice([0.0, 0.1, 1.0, 5.0]),
        "seed": rng.randint(0, 10**6),
        "memory": rng.choice([0, 1, 1]),
        "workers": rng.randint(1, 4),
        "compare": rng.random() < 0.2,
        "margin": rng.random() < 0.3,
        "reject": rng.choice([None, None, None, 0.0, 0.02, 0.1]),
    }
    return Job(
        seed, rng, folder, scenes, paths, options, flags, rng.random() < 0.7, rng.choice([700, 5_000, 50_000, 10**6])
    )


def _make_scene(name: str, rng: random.Random, numbers: np.random.Generator) -> reference.SceneData:
    """Draw a scene: covers with noise, fill at the edge or nowhere, clouds, saturation."""
    height, width = rng.randint(5, 200), rng.randint(5, 200)
    covers = numbers.integers(7_500, 30_000, (rng.randint(1, 7), 6))
    spread = rng.choice([0, 40, 900, 3_000])
    dn = covers[numbers.integers(0, len(covers), (height, width))] + numbers.normal(0, spread, (height, width, 6))
    dn = np.clip(dn, 1, 65_535).astype(np.uint16)
    if rng.random() < 0.6:
        dn[: rng.randint(0, height // 2), : rng.randint(0, width)] = 0
    if rng.random() < 0.4:
        dn[numbers.random((height, width)) < 0.05, rng.randrange(6)] = 0
    qa = np.full((height, width), 21_824 if name[1] == "C" else 5_440, np.uint16)
    for bit in reference.QA_BITS.values():
        if rng.random() < 0.5 and not (bit == 2 and name[1] != "C"):
            qa[numbers.random((height, width)) < 0.1] |= np.uint16(1 << bit)
    qa[(dn == 0).all(axis=2)] = 1
    radsat = (numbers.integers(0, 128, (height, width)) * (numbers.random((height, width)) < 0.05)).astype(np.uint16)
    bands = {role: np.ascontiguousarray(dn[:, :, i]) for i, role in enumerate(ROLES)}
    return reference.SceneData(name, bands, dict(zip(ROLES, NUMBERS[name[1]])), qa, radsat)


def _write(scene: reference.SceneData, folder: Path, rng: random.Random) -> Path:
    """Write a scene as a folder or a bundle and return its path."""
    bands = {scene.numbers[role]: band for role, band in scene.bands.items()}
    place = write_scene(
        folder, scene.name, bands, scene.qa, scene.radsat, crs=f"EPSG:326{rng.randint(1, 60):02}",
        tile=rng.choice([16, 64, 256]), compress=rng.choice(["DEFLATE", "LZW", "NONE"]),
    )  # fmt: skip
    if rng.random() < 0.3:
        bundle = folder / f"{scene.name}.tar"
        with tarfile.open(bundle, "w") as archive:
            for path in sorted(place.iterdir()):
                archive.add(path, path.name)
        shutil.rmtree(place)
        return bundle
    return place


def run_job(job: Job, kernels: Sequence[type]) -> str:
    """Run a job with a kernel, compare all it gives, and return what kind it was."""
    from iikmc.engine.errors import Cancelled, NoValidPixels
    from iikmc.engine.requests import Request
    from iikmc.engine.runs.each import run_in_mode
    from iikmc.engine.scenes.selection import MaskRule

    rng, roles = job.rng, job.options["roles"]
    kernel = rng.choice(kernels)()
    valid = [reference.valid_of(scene, roles, job.flags, job.saturated) for scene in job.scenes]

    def run(output: str, progress: Told | None = None, **changes: object):
        options = {**job.options, **changes}
        mask = MaskRule(job.flags, job.saturated)
        request = Request(tuple(job.paths), job.folder / output, mask, **options)
        return run_in_mode(request, progress, kernel, job.strip_pixels)

    if not any(mask.any() for mask in valid):
        try:
            run("out")
        except NoValidPixels:
            return "no valid pixel"
        raise Differs("no pixel is valid, but the run took some")
    counted = Told()
    result = run("out", counted)
    starts = _starts(job, run, valid)
    stop = (job.options["max_iterations"], Fraction(str(job.options["tolerance"])))
    if result.common:
        expected = reference.fit(job.scenes, valid, roles, starts[0], stop)
        _compare_fit(result.fit, expected, sum(int(mask.sum()) for mask in valid))
        _compare_rasters(job, "out", expected.labels, [expected.centres] * len(valid), valid)
        _classify(job, result, expected.centres, valid)
    else:
        labels, centres = [], []
        for number, (scene, mask) in enumerate(zip(job.scenes, valid)):
            if not mask.any():
                labels.append(np.zeros(mask.shape, np.uint8))
                centres.append(None)
                continue
            own = reference.fit([scene], [mask], roles, starts[number], stop)
            _compare_fit(result.fits[number], own, int(mask.sum()))
            labels += own.labels
            centres.append(own.centres)
        _compare_rasters(job, "out", labels, centres, valid)
    kind = f"{job.options['mode']}, {job.options['start']}"
    if rng.random() < 0.3:
        try:
            run("cancelled", Told(rng.randint(1, counted.asked)))
        except Cancelled:
            kind += ", cancelled"
        left = [path.name for path in (job.folder / "cancelled").glob("*")]
        if "cancelled" in kind and left not in ([], ["signatures_unfinished.json"]):
            raise Differs(f"a cancelled run left {left}")
    return f"{kind}, {kernel.name}"


def _starts(job: Job, run, valid: Sequence[np.ndarray]) -> list:
    """Return the start of the common classes, or of each scene.

    Those that are drawn by a hash are asked of the engine: after one iteration the saved centres are the start.
    """
    roles, k, each = job.options["roles"], job.options["k"], job.options["mode"] == "each scene on its own"
    drawn = None
    if job.options["start"] in ("k-means++", "coarse-to-fine"):
        drawn = run("start", max_iterations=1, compare=False)
        return [fit.centres if fit else None for fit in drawn.fits] if each else [drawn.fit.centres]
    parts = [reference.pixels_of(scene, roles, mask) for scene, mask in zip(job.scenes, valid)]
    starts = []
    for dn in parts if each else [np.concatenate(parts)]:
        if not len(dn):
            starts.append(None)
        elif job.options["start"] == "minimum-maximum":
            starts.append(reference.between(dn.min(axis=0).tolist(), dn.max(axis=0).tolist(), k))
        else:
            low, high = ([reference.percentile(dn[:, b], p) for b in range(dn.shape[1])] for p in (2, 98))
            starts.append(reference.between(low, high, k))
    return starts


def _compare_fit(fit, expected: reference.Fitted, pixels: int) -> None:
    if not np.array_equal(fit.centres, expected.centres):
        raise Differs(f"centres are {fit.centres.tolist()}, expected {expected.centres.tolist()}")
    found = [record.changed_percent for record in fit.iterations]
    wanted = [100 * changed / pixels for changed in expected.changed]
    if len(found) != len(wanted) or not np.allclose(found, wanted, rtol=1e-12):
        raise Differs(f"changed by iteration {found}, expected {wanted}")
    if bool(fit.converged) != expected.converged:
        raise Differs(f"converged is {fit.converged}, expected {expected.converged}")


def _compare_rasters(
    job: Job, output: str, labels: Sequence[np.ndarray], centres: Sequence, valid: Sequence[np.ndarray]
) -> None:
    import rasterio

    margin, reject = job.options["margin"], job.options["reject"]
    for scene, classes, own, where in zip(job.scenes, labels, centres, valid):
        wanted = {"classes": classes}
        if margin or reject is not None:
            margins, far = np.empty(0, np.uint8), np.empty(0, bool)
            if where.any():
                margins, far = reference.judge(reference.pixels_of(scene, job.options["roles"], where), own, reject)
            wanted["classes"] = np.where(reference.spread(where, far), 255, classes)
            if margin:
                wanted["margin"] = reference.spread(where, margins)
        for end, values in wanted.items():
            path = job.folder / output / f"{scene.name}_{end}.tif"
            with rasterio.open(path) as dataset:
                found = dataset.read(1)
            if found.shape != values.shape or not np.array_equal(found, values):
                raise Differs(f"{output}/{path.name} differs in {int((found != values).sum())} pixels")


def _classify(job: Job, result, centres: np.ndarray, valid: Sequence[np.ndarray]) -> None:
    """Apply the saved signatures, now and then by another mask, to the same scenes."""
    from iikmc.engine.requests import ClassifyRequest
    from iikmc.engine.runs.classify import classify
    from iikmc.engine.scenes.selection import MaskRule

    if job.rng.random() < 0.5:
        return
    roles, flags = job.options["roles"], job.flags
    if job.rng.random() < 0.3:
        flags = ()
        valid = [reference.valid_of(scene, roles, flags, job.saturated) for scene in job.scenes]
    mask = MaskRule(flags, job.saturated)
    request = ClassifyRequest(
        tuple(job.paths), job.folder / "applied", mask, signatures=result.signatures, margin=job.options["margin"],
        reject=job.options["reject"],
    )  # fmt: skip
    classify(request, strip_pixels=job.strip_pixels)
    labels = [
        reference.spread(where, reference.nearest(reference.pixels_of(scene, roles, where), centres))
        for scene, where in zip(job.scenes, valid)
    ]
    _compare_rasters(job, "applied", labels, [centres] * len(valid), valid)


@dataclass(frozen=True)
class Held:
    """What the process holds."""

    memory: int
    """Bytes that lie in memory."""
    threads: int
    """Running threads."""
    files: int
    """Open files, those of libraries included."""

    @classmethod
    def now(cls) -> Held:
        """Look."""
        gc.collect()
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
        return cls(pages * os.sysconf("SC_PAGE_SIZE"), threading.active_count(), len(os.listdir("/proc/self/fd")))


def check_left(job: Job, temporary: Path, first: Held, held: Held) -> None:
    """Raise Differs if a job left a file, a thread or a handle."""
    hidden = [str(path) for path in job.folder.glob("*/.*")]
    if hidden or os.listdir(temporary):
        raise Differs(f"left behind: {hidden or os.listdir(temporary)}")
    if held.threads > first.threads or held.files > first.files:
        raise Differs(f"left behind: {held.threads - first.threads} threads, {held.files - first.files} open files")


def growth(memory: Sequence[int]) -> int:
    """Return by how many bytes memory grew from the second quarter of the jobs to the last, by medians."""
    quarter = len(memory) // 4
    if len(memory) < _WARM or not quarter:
        return 0
    return int(statistics.median(memory[-quarter:]) - statistics.median(memory[quarter : 2 * quarter]))


def kernels() -> list[type]:
    """Return the kernels of the CPU that are here."""
    from iikmc.engine.kernels.numpy_kernel import NumpyKernel

    try:
        import numba  # noqa: F401
    except ImportError:
        return [NumpyKernel]
    from iikmc.engine.kernels.numba_kernel import NumbaKernel

    return [NumpyKernel, NumbaKernel, NumbaKernel]


def main(minutes: float, seed: int) -> int:
    """Run jobs for so many minutes and return the exit status."""
    WORK.mkdir(parents=True, exist_ok=True)
    temporary = WORK / "temporary"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    tempfile.tempdir = str(temporary)
    sys.modules["plotly"] = None  # its pictures take a second a page, and no raster is made of them
    ways = kernels()
    print(f"Random jobs for {minutes:g} minutes from SEED={seed}", flush=True)
    end, kinds, memory = time.monotonic() + 60 * minutes, Counter(), []
    first: Held | None = None
    while time.monotonic() < end or not kinds:
        number = sum(kinds.values())
        folder = WORK / f"job-{seed + number}"
        shutil.rmtree(folder, ignore_errors=True)
        job = make_job(seed + number, folder)
        try:
            kinds[run_job(job, ways)] += 1
            held = Held.now()
            if number < _WARM or first is None:
                # The most of what is loaded once.
                first = (
                    held
                    if first is None
                    else Held(held.memory, max(held.threads, first.threads), max(held.files, first.files))
                )
            check_left(job, temporary, first, held)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in a valid job is a fault
            print(f"\nJob {number + 1} differs, make soak SEED={job.seed}: {type(error).__name__}: {error}")
            print(f"Its parameters are {job.options}, {job.flags}, {job.saturated}; its files are in {folder}")
            return 1
        memory.append(held.memory)
        shutil.rmtree(folder)
    print(f"{sum(kinds.values())} jobs, every one the same as the reference:")
    for kind, count in sorted(kinds.items()):
        print(f"  {count:5} {kind}")
    grown = growth(memory)
    print(f"Memory {memory[0] >> 20} MB at first, {max(memory) >> 20} MB at most, {memory[-1] >> 20} MB at last;")
    print(
        f"grown by {grown / (1 << 20):.1f} MB from the second quarter to the last; {held.threads} threads, "
        f"{held.files} files"
    )
    if grown > _GROWTH_BYTES:
        print(f"That is more than {_GROWTH_BYTES >> 20} MB: something is kept from job to job")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(
        main(
            float(sys.argv[1]) if len(sys.argv) > 1 else 60.0,
            int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time()),
        )
    )
