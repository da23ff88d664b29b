"""The audit: why pixels of each scene are invalid, counted before a long run. Nothing is labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..choices import AUTOMATIC
from ..execution.executor import Executor
from ..execution.messages import Terms
from ..execution.threads import ThreadExecutor
from ..kernels.choice import fastest_packer
from ..kernels.numpy_kernel import NumpyKernel
from ..passes.site import Plan, SeriesSite
from ..pixels.masking import Audit, masked, not_fill
from ..pixels.reading import decode_strip, nothing_inside, tell_more
from ..pixels.store import automatic_budget, expected_use
from ..pixels.strips import STRIP_PIXELS, most_valid, plan_series
from ..progress import Progress
from ..quantities import counted, size
from ..report import audit as page
from ..requests import AuditRequest
from ..results.names import check_outputs
from ..results.staging import Staging
from ..scenes.area import outside
from ..scenes.check import usable_scenes
from ..scenes.origin import mask_name
from ..scenes.scene import Scene, Strip
from ..scenes.selection import MaskRule, Selection
from ..scenes.untold import untold
from .frame import Run, tell_doubts
from .on_cluster import with_whole_paths, workers_of
from .pages import write_page

TABLE_NAME = "audit.csv"
PAGE_NAME = "audit.html"
LOW_PERCENT = 10.0
"""Scenes with a smaller share of valid pixels are warned of."""


@dataclass(frozen=True)
class AuditResult:
    """What an audit found."""

    scenes: tuple[Scene, ...]
    """In the order of time."""
    audits: tuple[Audit, ...]
    """One a scene."""
    output: Path
    """The folder."""

    @property
    def pixels(self) -> int:
        """Valid pixels of all scenes."""
        return sum(audit.valid for audit in self.audits)

    @property
    def valid_percent(self) -> float:
        """Share of valid pixels among all pixels of all scenes that lie inside the area of interest."""
        return _sum(self.audits).valid_percent

    @property
    def table(self) -> Path:
        """Path of audit.csv."""
        return self.output / TABLE_NAME

    @property
    def page(self) -> Path:
        """Path of audit.html."""
        return self.output / PAGE_NAME


def check(request: AuditRequest, progress: Progress) -> list[Scene]:
    """Check all that can be checked without reading pixels, and return the scenes.

    A scene without QA_PIXEL is accepted, whatever is masked: to find it is what an audit is for.

    Raises
    ------
    ParameterError
        A parameter is out of its range, or a file of a scene would be replaced.
    SceneError, GridError
        A scene cannot be used.
    """
    request.check()
    scenes = usable_scenes(
        request.scenes, replace(request.selection, mask=MaskRule((), True)), progress, sheet=request.sheet
    )
    for sentence in untold(scenes, MaskRule(request.mask.flags, False)):
        progress.note(sentence)
    check_outputs(request.output, (TABLE_NAME, PAGE_NAME), scenes)
    return scenes


def audit_scenes(
    request: AuditRequest, progress: Progress | None = None, strip_pixels: int = STRIP_PIXELS
) -> AuditResult:
    """Count why the pixels of each scene are invalid, and write the table and the page.

    Parameters
    ----------
    request
        The parameters.
    progress
        Whom to tell; nobody by default.
    strip_pixels
        Size of the units of work. Never changes the result.

    Raises
    ------
    IIkMCError
        Any of its children; nothing is written then.
    """
    request = with_whole_paths(request)
    run = Run(Staging(request.output), progress)
    progress = run.progress
    scenes = check(request, progress)
    request = request.settled(scenes)
    plan = Plan(tuple(scenes), Selection(request.roles, request.mask), tuple(plan_series(scenes, strip_pixels)))
    audits = [Audit() for _ in scenes]
    with run:
        executor: Executor
        if request.scheduler:
            terms = Terms("audit", request.workers, AUTOMATIC, 0)
            executor = run.enter(workers_of(request.scheduler, plan, terms, progress))
        else:
            executor = ThreadExecutor(run.enter(SeriesSite(plan, NumpyKernel(), fastest_packer())), request.workers)
        progress.stage(f"Auditing {counted(len(scenes), 'scene')} on {counted(executor.workers, 'thread')}")
        for part in executor.run([AuditStrip(strip) for strip in plan.strips], progress):
            audits[part.scene].add(part.audit)
        for scene, audit in zip(scenes, audits):
            _tell(scene, audit, request.mask, progress)
        advice = _advice(scenes, audits, len(request.roles))
        for sentence in advice:
            progress.note(sentence)
        run.files.write_text(TABLE_NAME, page.to_csv(scenes, audits))
        text = page.to_html(scenes, audits, _rule(request, scenes), advice, LOW_PERCENT)
        write_page(run.files, PAGE_NAME, text, progress)
        run.publish()
    progress.report(1.0)
    return AuditResult(tuple(scenes), tuple(audits), request.output)


@dataclass(frozen=True)
class StripAudited:
    """Why the pixels of a strip are invalid."""

    scene: int
    """Index of the scene."""
    audit: Audit
    """The counts."""


@dataclass(frozen=True)
class AuditStrip:
    """Read and mask a strip, and count; nothing of it is kept."""

    strip: Strip
    """Which rows."""

    def do(self, site: SeriesSite) -> StripAudited:
        """Count."""
        with site.reading(self.strip) as scene:
            return StripAudited(self.strip.scene, _strip_audit(site, scene, self.strip))


def _strip_audit(site: SeriesSite, scene: Scene, strip: Strip) -> Audit:
    roles, rule = site.plan.selection.roles, site.plan.selection.mask
    out = outside(scene, strip)
    if out is not None and out.all():
        return nothing_inside(scene, len(roles), out.size).audit
    decoded = decode_strip(scene, roles, strip, site.handles, True, out)
    bands, masks = decoded.bands, decoded.masks
    masking = masks.radsat if rule.saturated else None
    packed = site.packer.pack(bands, masks.qa, masking, rule, masks.saturated_bits)
    audit = packed.audit
    if masks.radsat is not None and masking is None:
        # As a flag, saturation is counted whether it is masked or not.
        saturated = (masks.radsat & np.uint16(masks.saturated_bits)) != 0
        audit.saturated = int(np.count_nonzero(saturated & not_fill(bands, masks.qa)))
    tell_more(packed, decoded, out)
    return audit


def _sum(audits: Sequence[Audit]) -> Audit:
    whole = Audit()
    for audit in audits:
        whole.add(audit)
    return whole


def _tell(scene: Scene, audit: Audit, rule: MaskRule, progress: Progress) -> None:
    share = audit.valid_percent
    text = f"{scene.title}: {audit.valid:,} of {audit.inside:,} pixels are valid ({share:.1f} %)"
    if not audit.inside:
        progress.warn(f"{scene.title} does not meet AOI: no pixel has its centre inside. Leave it out.")
    elif share < LOW_PERCENT:
        progress.warn(
            f"{text}, less than {LOW_PERCENT:g} %; {page.percent(audit.fill, audit.inside)} are fill and "
            f"{page.percent(masked(audit), audit.inside)} masked. Leave it out, or mask less."
        )
    else:
        progress.note(text)
    tell_doubts(scene, audit.doubts, progress)
    for reason in page.unknown(scene):
        progress.note(f"{scene.title}: {reason}")
    if not scene.masks and rule.flags:
        progress.warn(
            f"{scene.title} has no {mask_name(scene)} file, so nothing of it can be masked by flags; a clustering with "
            "flags in MASK refuses it. Download the file, or leave the scene out."
        )


def _advice(scenes: list[Scene], audits: list[Audit], n_bands: int) -> list[str]:
    """Return what the counts mean for a clustering."""
    valid = sum(audit.valid for audit in audits)
    if valid == 0:
        return ["Not one pixel is valid, so there is nothing to cluster: mask less, or take other scenes."]
    budget = automatic_budget()
    most, masked = most_valid(scenes)
    needed, spilled = expected_use(budget, most, valid, n_bands, masked)
    sentence = (
        f"Clustering the {valid:,} valid pixels in {counted(n_bands, 'band')} takes about {size(needed)} for the "
        f"pixels, of {size(budget)} that may be used now"
    )
    if spilled:
        sentence += (
            f", so about {size(spilled)} would go to temporary files, which is slower and gives the same result: "
            "close other programs, or take fewer scenes or bands."
        )
    else:
        sentence += ": it fits into memory."
    advice = [sentence]
    poor = [scene.title for scene, audit in zip(scenes, audits) if audit.valid_percent < LOW_PERCENT]
    if poor:
        advice.append(f"Less than {LOW_PERCENT:g} % valid, worth leaving out: {', '.join(poor)}.")
    advice += [f"{scene.title}: {doubt}." for scene, audit in zip(scenes, audits) for doubt in audit.doubts]
    return advice


def _rule(request: AuditRequest, scenes: Sequence[Scene]) -> list[str]:
    flags = ", ".join(request.mask.flags) or "no flag"
    saturated = ", saturated pixels" if request.mask.saturated else ""
    area = f" Only inside AOI: {request.aoi.name}." if request.aoi else ""
    rule = f"Masked: fill, {flags}{saturated}. Bands: {', '.join(request.roles)}.{area}"
    return [rule, *untold(scenes, MaskRule(request.mask.flags, True))]
