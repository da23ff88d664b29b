"""Saved signatures on new scenes: every valid pixel gets the class of its nearest saved centre, in one pass."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np

from ..centres.fit import Fit
from ..clock import Clock
from ..errors import ParameterError
from ..execution.threads import ThreadExecutor, one_blas_thread
from ..kernels.choice import pick_kernel, pick_packer
from ..kernels.kernel import Kernel
from ..passes.each_scene import each_scene
from ..passes.write import write_scene
from ..pixels.block import Block, Tally
from ..pixels.masking import Audit
from ..pixels.reading import read_strip
from ..pixels.sketch import Sketch
from ..pixels.strips import STRIP_PIXELS
from ..progress import Progress, Silent, check_cancelled
from ..requests import ClassifyRequest
from ..results import signatures_file
from ..results.legend import Legend
from ..results.names import SIGNATURES_NAME, raster_name
from ..results.result import Result
from ..results.run_record import run_record, unconverged
from ..results.signatures import Signatures
from ..results.staging import Staging
from ..results.statistics import Moments, added, moments
from ..scenes.check import usable_scenes
from ..scenes.files import Handles, small_block_cache
from ..scenes.scene import Scene, Strip
from ..sensors.landsat.product_id import leading_product_id
from .foretell import foretell_classification, tell_took
from .frame import tell_audit
from .write import write_tables


def check(request: ClassifyRequest, progress: Progress) -> tuple[Signatures, list[Scene]]:
    """Check all that can be checked without reading pixels.

    Returns
    -------
    signatures : Signatures
        Of the file.
    scenes : list of Scene
        Checked, in order.

    Raises
    ------
    SignatureError
        SIGNATURES is no signatures file, or of other bands, scale or version.
    SceneError, GridError
        A scene cannot be used.
    ParameterError
        A parameter is out of its range, or OUTPUT would replace the signatures file.
    """
    request.check()
    source = signatures_file.read(request.signatures)
    # One that another run may have written for one scene is replaced no more than the common one.
    own = request.output / (request.signatures.name if leading_product_id(request.signatures.name) else SIGNATURES_NAME)
    if own.exists() and own.samefile(request.signatures):
        raise ParameterError(
            f"OUTPUT: {request.output} is the folder of SIGNATURES itself, whose signatures, statistics and report "
            "would be replaced; choose another folder."
        )
    selection = replace(request.selection, roles=source.roles)
    return source, usable_scenes(request.scenes, selection, progress, "SIGNATURES")


def classify(
    request: ClassifyRequest,
    progress: Progress | None = None,
    kernel: Kernel | None = None,
    strip_pixels: int = STRIP_PIXELS,
) -> Result:
    """Classify scenes into the classes of a signatures file and write all results.

    No pixel values are kept: strips are read, labelled and dropped, and a scene is written as soon as it is labelled,
    while the next is read. The memory taken does not grow with the number of scenes.

    Parameters
    ----------
    request
        The parameters.
    progress
        Whom to tell; nobody by default.
    kernel
        What labels; chosen by itself by default. Never changes the result.
    strip_pixels
        Size of the units of work. Never changes the result.

    Raises
    ------
    IIkMCError
        Any of its children; nothing is written then.
    """
    progress = progress or Silent()
    clock = Clock()
    source, scenes = check(request, progress)
    _tell_other_mask(request, source, progress)
    _warn_of_unfinished(request, source, progress)
    kernel = kernel or pick_kernel()
    executor = ThreadExecutor(request.workers)
    foretell_classification(request, scenes, source.roles, source.k, kernel.name, progress)
    clock.lap("prepare")
    audits = [Audit() for _ in scenes]
    per_scene = [Moments.zero(source.k, len(source.roles)) for _ in scenes]
    with ExitStack() as stack:
        stack.enter_context(one_blas_thread())
        stack.enter_context(small_block_cache())
        staging = stack.enter_context(Staging(request.output))
        staging.check_replaceable(raster_name(scene) for scene in scenes)
        progress.stage(
            f"Classifying {len(scenes)} scene(s) into the {source.k} classes of {request.signatures} "
            f"on {executor.workers} thread(s) ({kernel.name} kernel)"
        )
        sketches = {scene.id: Sketch(scene.checked_grid(), source.roles) for scene in scenes}
        job = _Job(source, request, kernel, sketches, staging, progress)
        for number, (audit, found) in each_scene(scenes, job.label, job.write, executor, progress, strip_pixels):
            audits[number], per_scene[number] = audit, found
            tell_audit(scenes[number], audit, progress)
        clock.lap("classify")
        fit = _fit(source, per_scene)
        empty = tuple(int(j) + 1 for j in np.flatnonzero(fit.tally.count == 0))
        if empty:
            progress.note(f"No pixel of these scenes belongs to class {', '.join(map(str, empty))}.")
        run = run_record(scenes, audits, fit, request.parameters(source.roles, source.k), kernel, clock)
        run["applied"] = _origin(request, source)
        write_tables(scenes, audits, per_scene, source.roles, fit, job.legend, run, list(sketches.values()), staging)
        check_cancelled(progress)
        staging.publish()
    result = Result(
        scenes=tuple(scenes),
        rasters=tuple(request.output / raster_name(scene) for scene in scenes),
        output=request.output,
        fit=fit,
        pixels=sum(audit.valid for audit in audits),
        empty_classes=empty,
        names=tuple(job.legend.names),
    )
    tell_took(clock, result.pixels, result.rasters, progress)
    progress.report(1.0)
    return result


class _Job:
    """What is done with each strip and each scene."""

    def __init__(
        self,
        source: Signatures,
        request: ClassifyRequest,
        kernel: Kernel,
        sketches: dict[str, Sketch],
        staging: Staging,
        progress: Progress,
    ) -> None:
        self._source = source
        self._sketches = sketches
        self._mask = request.mask
        self._kernel = kernel
        self._packer = pick_packer(kernel)
        self._staging = staging
        self._progress = progress
        self.legend = Legend([c.name for c in source.classes], [c.colour for c in source.classes])

    def label(self, scene: Scene, strip: Strip, handles: Handles) -> tuple[Audit, Block | None, Moments]:
        """Read and label a strip; the block has no pixel values left, and is None without a valid pixel."""
        k, n_bands = self._source.centres.shape
        sketch = self._sketches[scene.id]
        pixels = read_strip(scene, self._source.roles, self._mask, strip, handles, self._packer, sketch=sketch).pixels
        n = pixels.dn.shape[1]
        if n == 0:
            return pixels.audit, None, Moments.zero(k, n_bands)
        block = Block(strip, pixels.valid, pixels.dn, np.zeros(n, np.uint8), Tally.zero(k, n_bands))
        self._kernel.relabel(block, self._source.centres)
        found = moments(block.tally, self._packer.squares(pixels.dn, block.labels, k))
        block.forget()
        return pixels.audit, block, found

    def write(self, scene: Scene, parts: list[tuple[Audit, Block | None, Moments]]) -> tuple[Audit, Moments]:
        """Write a labelled scene and return its audit and moments."""
        audit = Audit()
        for part, _, _ in parts:
            audit.add(part)
        blocks = [block for _, block, _ in parts if block is not None]
        sketch = self._sketches[scene.id]
        write_scene(scene, blocks, self.legend, self._packer, sketch, self._staging, self._progress)
        k, n_bands = self._source.centres.shape
        return audit, added((found for _, _, found in parts), k, n_bands)


def _fit(source: Signatures, per_scene: list[Moments]) -> Fit:
    """Return the saved centres with the tally of these scenes, and no iteration."""
    k, n_bands = source.centres.shape
    whole = added(per_scene, k, n_bands)
    tally = Tally(np.array(whole.count, np.int64), np.array(whole.total, np.int64))
    return Fit(source.centres, tally, (), bool(source.run.get("converged")))


def _origin(request: ClassifyRequest, source: Signatures) -> dict[str, Any]:
    """Return which signatures were applied, as it stands in the run's record."""
    scenes = source.run.get("scenes")
    return {
        "signatures": str(request.signatures),
        "finished": source.run.get("finished"),
        "scenes": [scene.get("id") for scene in scenes if isinstance(scene, dict)] if isinstance(scenes, list) else [],
    }


def _warn_of_unfinished(request: ClassifyRequest, source: Signatures, progress: Progress) -> None:
    ended = unconverged(source.run)
    if ended:
        progress.warn(
            f"SIGNATURES: {request.signatures} is of a run that {ended}, so its classes may still have moved; "
            "to let them settle, continue that run with iikmc:cluster and the start from this file."
        )


def _tell_other_mask(request: ClassifyRequest, source: Signatures, progress: Progress) -> None:
    parameters = source.run.get("parameters")
    if not isinstance(parameters, dict):
        return
    before = (parameters.get("mask"), parameters.get("mask_saturated"))
    if before != (list(request.mask.flags), request.mask.saturated) and isinstance(before[0], list):
        flags = ", ".join(map(str, before[0])) or "no flag"
        also = " and saturated pixels" if before[1] else ""
        progress.note(f"The signatures were made with another mask ({flags}{also}); this run takes the one chosen now.")
