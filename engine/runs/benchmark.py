"""The same clustering by every kernel and number of threads of this machine: how long each takes, and is it the same.

All ways read the same strips, start from the same centres and make the same number of iterations; only the times may
differ. Each stage is measured several times after a first pass that brings files and programs into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..execution.threads import threads_of
from ..kernels.cuda.devices import Job
from ..measuring.bench import Bench, pixels_of
from ..measuring.contenders import Contender, find
from ..measuring.timings import PAGE_NAME, TABLE_NAME, BenchmarkResult, Lacking, thread_counts, verdict
from ..pixels.strips import STRIP_PIXELS, plan_series
from ..progress import Progress
from ..report import benchmark as page
from ..requests import BenchmarkRequest
from ..results.names import check_outputs
from ..results.run_record import versions
from ..results.staging import Staging
from ..scenes.area import may_be_inside
from ..scenes.check import usable_scenes
from ..scenes.scene import Scene, Strip
from .frame import Run
from .pages import write_page


def check(request: BenchmarkRequest, progress: Progress) -> list[Scene]:
    """Check all that can be checked without reading pixels, and return the scenes.

    Raises
    ------
    ParameterError
        A parameter is out of its range, or a file of a scene would be replaced.
    SceneError, GridError
        A scene cannot be used.
    """
    request.check()
    scenes = usable_scenes(request.scenes, request.selection, progress, sheet=request.sheet)
    check_outputs(request.output, (TABLE_NAME, PAGE_NAME), scenes)
    return scenes


def benchmark(
    request: BenchmarkRequest,
    progress: Progress | None = None,
    contenders: tuple[Sequence[Contender], Sequence[Lacking]] | None = None,
    strip_pixels: int = STRIP_PIXELS,
) -> BenchmarkResult:
    """Measure all kernels and numbers of threads on the same pixels, compare the results, write table and page.

    Parameters
    ----------
    request
        The parameters.
    progress
        Whom to tell; nobody by default.
    contenders
        What to measure, serial first, and what is missing; what this machine has by default.
    strip_pixels
        Size of the units of work.

    Raises
    ------
    IIkMCError
        Any of its children; nothing is written then.
    """
    run = Run(Staging(request.output), progress)
    progress = run.progress
    found = check(request, progress)
    request = request.settled(found)
    most = threads_of(request.workers)
    scenes, strips = part_of(found, request.pixels, strip_pixels)
    job = Job(sum(pixels_of(scenes, strip) for strip in strips), request.k, len(request.roles))
    with run:
        progress.stage("Looking which kernels this machine has")
        ways, lacking = contenders or find(thread_counts(most), job, progress)
        for missing in lacking:
            progress.note(f"{missing.kernel} is not measured: {missing.why}")
        bench = run.enter(Bench(request, scenes, strips, ways, run.files, progress))
        comparison = bench.compare(lacking)
        result = BenchmarkResult(
            request, bench.parts(), sum(scene.checked_grid().pixels for scene in found), comparison,
            bench.changed_percent, _versions(ways), tuple(bench.notes(comparison, most)),
        )  # fmt: skip
        run.files.write_text(TABLE_NAME, page.to_csv(result))
        write_page(run.files, PAGE_NAME, page.render(result), progress)
        run.publish()
    for note in result.notes:
        progress.note(note)
    tell = progress.note if comparison.equal else progress.warn
    tell(verdict(comparison))
    progress.report(1.0)
    return result


def part_of(scenes: Sequence[Scene], pixels: int, strip_pixels: int) -> tuple[list[Scene], list[Strip]]:
    """Choose whole strips, spread evenly over all scenes, with at most so many pixels, but at least one strip.

    Of strips that the area of interest cannot meet none is chosen, unless it meets none at all.

    Returns
    -------
    list of Scene
        Those that a strip was chosen of.
    list of Strip
        Of these scenes, by scene and row.
    """
    strips = plan_series(scenes, strip_pixels)
    strips = [strip for strip in strips if may_be_inside(scenes[strip.scene], strip)] or strips
    whole = sum(pixels_of(scenes, strip) for strip in strips)
    chosen = strips
    if 0 < pixels < whole:
        number = max(1, len(strips) * pixels // whole)
        while True:
            # The middle of each of `number` equal shares.
            chosen = [strips[(2 * i + 1) * len(strips) // (2 * number)] for i in range(number)]
            if number == 1 or sum(pixels_of(scenes, strip) for strip in chosen) <= pixels:
                break
            number -= 1
    used = sorted({strip.scene for strip in chosen})
    return [scenes[i] for i in used], [replace(strip, scene=used.index(strip.scene)) for strip in chosen]


def _versions(ways: Iterable[Contender]) -> dict[str, str]:
    found: dict[str, str] = {}
    for way in ways:
        found.update(versions(way.kernel))
    return found
