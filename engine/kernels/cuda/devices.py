"""Which device labels: the CPU, or a CUDA card that works, is right and pays. No GPU package is imported in vain."""

from __future__ import annotations

import importlib.util
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...choices import AUTOMATIC, GPU
from ...errors import first_line
from ...progress import Progress
from ..kernel import NARROW
from ..selftest import check

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from ..kernel import Kernel
    from .card import Card

WORTH = 2_400_000_000
"""Pixels x classes x bands from which on "automatic" tries a card: 50 million pixels, 8 classes, 6 bands.

Not measured yet: below it a CPU should be done before a card is ready.
"""

# Room on the card for one block of the usual size; with less, the CPU would have all the work.
_LEAST_BYTES = 64 << 20

IMPORT, DRIVER, MEMORY, COMPILE, RUN, ANSWER = "import", "driver", "memory", "compile", "run", "answer"
_FAILED = {
    IMPORT: "CuPy cannot be imported",
    DRIVER: "no CUDA device answers",
    MEMORY: "the graphics card has too little free memory",
    COMPILE: "the GPU kernel does not compile",
    RUN: "the GPU kernel does not run",
    ANSWER: "the graphics card calculates wrongly",
}


@dataclass(frozen=True)
class Job:
    """What is to be labelled."""

    pixels: int
    """Valid pixels, or as many as there can be."""
    k: int
    """Classes."""
    n_bands: int
    """Bands."""


class DeviceError(Exception):
    """A card cannot be used; `step` says at which step that was found."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(f"{_FAILED[step]} ({why})")
        self.step = step


_testing = threading.Lock()
# Cards that passed the self-test in this process, with what they compiled.
_good: dict[int, Card] = {}


def pays(device: str, job: Job) -> bool:
    """Tell whether a card is to be tried: it was asked for, or the job is large enough for one."""
    return device == GPU or (device == AUTOMATIC and job.pixels * job.k * job.n_bands >= WORTH)


def pick(device: str, job: Job, cpu: Kernel, progress: Progress) -> Kernel:
    """Return the kernel that labels: on a card where that is wished and possible, else `cpu`.

    Parameters
    ----------
    device
        One of `choices.DEVICES`. Never changes the result.
    job
        What is to be labelled.
    cpu
        The CPU's kernel; beside a card it labels what does not fit.
    progress
        Is told in one line why a card is not used: a warning if it was asked for, else a note.
    """
    if not pays(device, job):
        return cpu
    try:
        return _gpu(job, cpu, progress)
    except DeviceError as error:
        if device == GPU:
            progress.warn(
                f"DEVICE: {error}; {advice(error.step)} The {cpu.name} kernel on the CPU gives the same result."
            )
        elif error.step == IMPORT and importlib.util.find_spec("cupy") is None:
            # The usual case: no fault, and nothing that a user without a card should read an error of.
            progress.note("The CPU is used: a graphics card needs the package CuPy, which is not installed.")
        else:
            progress.note(f"The CPU is used: {error}.")
    return cpu


def _gpu(job: Job, cpu: Kernel, progress: Progress) -> Kernel:
    """Return a kernel on the card with most free memory, tested.

    Raises
    ------
    DeviceError
        There is no card, or it cannot be used.
    """
    from .card import Card
    from .kernel import MEMORY_SHARE, CupyKernel

    step = IMPORT
    try:
        import cupy

        step = DRIVER
        number, free = most_free(cupy)
        if free * MEMORY_SHARE < _LEAST_BYTES:
            raise DeviceError(MEMORY, f"{free / 1e6:.0f} MB of card {number} are free")
        with _testing:
            card = _good.get(number)
            if card is None:
                progress.stage("Preparing the GPU kernel")
                card = Card(number)
            step = COMPILE
            card.compile(job.k, job.n_bands)
            step = RUN
            if number not in _good:
                test(card, wide=False)
                _good[number] = card
            if job.n_bands > NARROW and not card.good_with_more_bands:
                test(card, wide=True)
                card.good_with_more_bands = True
        return CupyKernel(card, cpu)
    except DeviceError:
        raise
    except ArithmeticError as error:
        raise DeviceError(ANSWER, str(error)) from error
    except Exception as error:
        if "cupy" in sys.modules and step != IMPORT and _is_out_of_memory(error):
            step = MEMORY
        raise DeviceError(step, first_line(error, with_kind=True)) from error


def test(card: Card, wide: bool) -> None:
    """Compare a card with the reference: blocks of one and of several steps, that stay there and that pass through.

    Parameters
    ----------
    card
        Labels.
    wide
        Of `selftest.check`.

    Raises
    ------
    ArithmeticError
        It gave another answer.
    Exception
        Whatever the card raises.
    """
    from .kernel import CupyKernel, PassingKernel

    usual = card.least_steps
    try:
        for card.least_steps in (2, usual):
            check(CupyKernel(card, None), wide)
        check(PassingKernel(card), wide)
    finally:
        card.least_steps = usual


def most_free(cupy: ModuleType) -> tuple[int, int]:
    """Return the number of the card with most free memory, and its free bytes.

    Raises
    ------
    DeviceError
        There is no card, or none answers.
    Exception
        Whatever CuPy raises without a driver.
    """
    found: list[tuple[int, int]] = []
    why = "CuPy finds none"
    for number in range(cupy.cuda.runtime.getDeviceCount()):
        try:
            with cupy.cuda.Device(number):
                found.append((int(cupy.cuda.runtime.memGetInfo()[0]), -number))
        except Exception as error:  # noqa: BLE001 - one broken card must not hide another
            why = first_line(error, with_kind=True)
    if not found:
        raise DeviceError(DRIVER, why)
    free, number = max(found)
    return -number, free


def _is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__


def advice(step: str) -> str:
    """Return in one sentence what helps where a step failed."""
    if sys.platform == "darwin":
        return "CUDA cards do not work on macOS: choose CPU."
    return {
        IMPORT: f"install it with '{_pip(_cupy())}' and restart QGIS.",
        DRIVER: "install the graphics card's NVIDIA driver, version 525 or newer, and restart.",
        MEMORY: "close other programs that use the graphics card.",
        COMPILE: f"install the compiler with '{_pip(('nvidia-cuda-nvrtc-cu12', 'nvidia-cuda-runtime-cu12'))}' and "
        "restart QGIS.",
        RUN: "update the graphics card's NVIDIA driver, or choose CPU.",
        ANSWER: "choose CPU, and report this with the name of the card.",
    }[step]


def _cupy() -> Iterable[str]:
    """Return what to install so that NumPy stays as QGIS has it: CuPy 14 wants NumPy 2."""
    version = "<14" if int(np.__version__.split(".")[0]) < 2 else "<15"
    return (f'"cupy-cuda12x>=13,{version}"', "nvidia-cuda-nvrtc-cu12", "nvidia-cuda-runtime-cu12")


def _pip(packages: Iterable[str]) -> str:
    # OSGeo4W's shell knows QGIS's Python as "python".
    python = "python" if sys.platform.startswith("win") else "python3"
    return f"{python} -m pip install {' '.join(packages)}"
