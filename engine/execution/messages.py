"""What a client and the workers of a cluster say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import IIkMCError


@dataclass(frozen=True)
class Terms:
    """How a worker is to work."""

    kind: str
    """The tool: "cluster", "classify" or "audit"."""
    threads: int
    """Threads of this worker."""
    device: str
    """DEVICE; never changes the result."""
    memory: int
    """MEMORY: megabytes for the pixels of this worker, 0 = a safe share of what is free there."""
    mates: int = 1
    """Workers that share this one's computer, itself included."""


@dataclass(frozen=True)
class Sight:
    """What a worker must be able to see on the disks that it shares with the client."""

    inputs: tuple[str, ...]
    """Files and folders that are read."""
    folder: Path | None
    """Where rasters are made; None where none are."""
    token: str
    """What the client has written there."""


@dataclass(frozen=True)
class Opening:
    """What a worker needs to begin with a run."""

    plan: Any
    """What is worked on."""
    terms: Terms
    """How."""
    sight: Sight
    """What it must see first."""


@dataclass(frozen=True)
class Job:
    """Tasks for a worker, which are done on all of its threads."""

    number: int
    """Of this job in its run: done once, however often it arrives."""
    again: tuple[tuple[Any, ...], ...] = ()
    """Tasks that another worker has done before it was lost, by turns; their answers are thrown away."""
    tasks: tuple[Any, ...] = ()
    """Tasks whose answers are wanted."""


@dataclass(frozen=True)
class Done:
    """What came of a job."""

    answers: tuple[Any, ...] = ()
    """Of the tasks, put together where they add up."""
    files: tuple[tuple[str, int], ...] = ()
    """Names and bytes of the files that were made."""
    labeller: str = ""
    """Name of the kernel."""
    notes: tuple[str, ...] = ()
    """What the user should know of this worker."""


@dataclass(frozen=True)
class Failed:
    """Why a job came to nothing."""

    error: IIkMCError
    """In words."""
    elsewhere: bool = False
    """Whether another worker may have more luck."""


PROBE = "probe"
"""Name of the file by which client and workers see that they share a folder."""


def probe_of(address: str) -> str:
    """Return the name of the file by which a worker shows that it can write."""
    return "seen-by-" + "".join(c if c.isalnum() else "-" for c in address)
