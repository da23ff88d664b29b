"""The checks that the requests share: paths, places of files, truth, the address of a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from .errors import ParameterError, shown
from .paths import Place, check_apart
from .ranges import check_number


def check_scheduler(found: object) -> None:
    """Raise ParameterError if SCHEDULER is no text, or Dask is not there."""
    if not isinstance(found, str):
        raise ParameterError(f"SCHEDULER is {shown(found)}, expected a text; give an address, or leave it empty.")
    if found and find_spec("distributed") is None:
        raise ParameterError(
            f"SCHEDULER is {shown(found)}, but the Python package distributed (Dask) is not installed; install "
            "distributed for the Python of QGIS, in the version that the cluster has, or leave SCHEDULER empty."
        )


def check_path(parameter: str, path: object) -> None:
    """Raise ParameterError if a script gave no path, or one that no system takes."""
    if not isinstance(path, Path):
        raise ParameterError(f"{parameter} is {shown(path)}, expected a path; give a pathlib.Path.")
    if "\0" in str(path):
        raise ParameterError(f"{parameter} is {shown(str(path))}, which no system takes; leave out the character 0.")


def check_truth(parameter: str, found: object) -> None:
    """Raise ParameterError if what a script gave for a yes or no is neither True nor False, also NumPy's."""
    if not isinstance(found, (bool, np.bool_)):
        raise ParameterError(f"{parameter} is {shown(found)}, expected True or False; give one of them.")


def check_judging(margin: object, reject: object) -> None:
    """Check what is asked of labelled pixels besides their classes."""
    check_truth("MARGIN", margin)
    if reject is not None:
        check_number("REJECT", reject)


def check_destinations(
    paths: Mapping[str, Path | None], inputs: Iterable[Place] = (), beside: Sequence[Place] = ()
) -> None:
    """Check that files can have these places.

    Parameters
    ----------
    paths
        Parameter -> file that is written; None for a file that is not wanted.
    inputs
        What is read.
    beside
        What is written beside these files.

    Raises
    ------
    ParameterError
        One is a folder, an input, or two are the same file; the message names the parameters.
    """
    places = []
    for parameter, path in paths.items():
        if path is None:
            continue
        check_path(parameter, path)
        if os.path.isdir(path):
            raise ParameterError(f"{parameter}: {path} is a folder; choose a file.")
        places.append(Place(parameter, path))
    check_apart([*places, *beside], inputs)
