"""Which kernels a machine has for a benchmark, what each takes to start up, and why another is missing."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from .. import choices
from ..arrays import GRID
from ..kernels import choice
from ..kernels.cells.choice import at_once
from ..kernels.cuda import devices
from ..kernels.device_choice import on_card
from ..kernels.kernel import Kernel
from ..kernels.numpy_kernel import NumpyKernel
from ..pixels.block import Block
from ..pixels.packing import NumpyPacker, Packer
from ..progress import Progress, Span, check_cancelled
from .timings import Lacking

NUMPY, NUMBA, GPU = "NumPy", "Numba", "GPU"

# How a page tells the shares of `device_choice.CardKernel.about`.
_SHARES = {"card": "labelled on the card", "through": "on pixels sent through it each time", "cpu": "by the CPU"}
# Pixels of the block that a kernel is called with once before it is measured.
_PIXELS = 4096


@dataclass(frozen=True)
class Contender:
    """A kernel that can be measured."""

    name: str
    """Such as "NumPy"."""
    kernel: Kernel
    """What labels."""
    packer: Packer
    """What masks and packs beside it in a clustering."""
    threads: tuple[int, ...]
    """Numbers of threads to measure it with, ascending."""
    start_up: float
    """Seconds until it was ready."""


def find(counts: tuple[int, ...], job: devices.Job, progress: Progress) -> tuple[list[Contender], list[Lacking]]:
    """Load and try all kernels.

    Parameters
    ----------
    counts
        Numbers of threads, ascending from 1.
    job
        What will be labelled.
    progress
        Whom to tell what takes long, and who may cancel.

    Returns
    -------
    list of Contender
        NumPy first.
    list of Lacking
        The others, with the reason.

    Raises
    ------
    Cancelled
        The user cancelled.
    """
    began = time.perf_counter()
    numpy = NumpyKernel()
    _call(numpy, job)
    found = [Contender(NUMPY, numpy, NumpyPacker(), counts, time.perf_counter() - began)]
    lacking = []
    check_cancelled(progress)
    cpu: Kernel = numpy
    packer: Packer = NumpyPacker()
    began = time.perf_counter()
    try:
        cpu = choice.numba_kernel(progress, job.n_bands)
        packer = choice.compiled_packer(progress) or packer
        _call(cpu, job)
        found.append(Contender(NUMBA, cpu, packer, counts, time.perf_counter() - began))
    except Exception as error:  # noqa: BLE001 - whatever is wrong with Numba, the benchmark says so and goes on
        lacking.append(Lacking(NUMBA, f"{choice.why_no_numba(error)}."))
    check_cancelled(progress)
    by_cells = at_once(cpu, job.pixels, job.k, progress, job.n_bands)
    if by_cells is not None:
        began = time.perf_counter()
        _call(by_cells, job)
        found.append(Contender(f"{found[-1].name}, cells", by_cells, packer, counts[-1:], time.perf_counter() - began))
    check_cancelled(progress)
    began = time.perf_counter()
    card, why = gpu_kernel(job, cpu, progress)
    if card is None:
        lacking.append(Lacking(GPU, why))
    else:
        _call(card, job)
        found.append(Contender(GPU, card, packer, counts[-1:], time.perf_counter() - began))
    return found, lacking


def gpu_kernel(job: devices.Job, cpu: Kernel, progress: Progress) -> tuple[Kernel | None, str]:
    """Return the kernel of a graphics card; or None, and in words why there is none."""
    said = _Warnings(progress)
    kernel = devices.pick(choices.GPU, job, cpu, said)
    if kernel is not cpu:
        return kernel, ""
    return None, " ".join(said.texts).removeprefix("DEVICE: ") or "No graphics card can be used."


def trouble(kernel: Kernel) -> str:
    """Return why a graphics card was given up on the way; empty where it was not, and for the CPU's kernels."""
    card = on_card(kernel)
    return card.trouble if card else ""


def card_note(kernel: Kernel) -> str:
    """Return which graphics card a kernel used for which share of the labelling; empty for the CPU's kernels."""
    card = on_card(kernel)
    if card is None:
        return ""
    about = card.about()
    shares = [f"{share:.1f} % {_SHARES.get(what, what)}" for what, share in about["percent"].items() if share]
    return f"{about['card']}: {', '.join(shares)}"


def close(kernel: Kernel) -> None:
    """Give a graphics card's memory back."""
    card = on_card(kernel)
    if card is not None:
        card.close()


class _Warnings(Span):
    """Keeps warnings, which the benchmark tells in its own place, and passes everything else on."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(progress, 0.0, 1.0)
        self.texts: list[str] = []

    def warn(self, text: str) -> None:
        """Keep."""
        self.texts.append(text)


def _call(kernel: Kernel, job: devices.Job) -> None:
    """Call a kernel once, so that nothing is loaded or compiled while it is measured."""
    rng = np.random.default_rng(1)
    dn = rng.integers(7000, 30000, (job.n_bands, _PIXELS), np.uint16)
    centres = rng.integers(7000 * GRID, 30000 * GRID, (job.k, job.n_bands))
    kernel.hold(Block.loose(dn), job.k).relabel(centres)
