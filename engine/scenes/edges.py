"""Edges of polygons in another CRS, where a straight line is a curve: points are put in until no pixel can tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Project = Callable[["NDArray[np.float64]"], "NDArray[np.float64]"]
"""(n, 2) points of one CRS -> the same in another."""
# Of the longer side of a scene, how far the drawn edge may lie beside the true one: for 10 000 pixels, more than any
# scene has, a thousandth of a pixel.
_TOLERANCE = 1e-7
# Halvings of an edge: a millionth of one around the Earth is 40 m, along which the curve of a meridian or a parallel
# bends by less than a tenth of a millimetre; more can only be asked for at a place that the CRS does not have.
_HALVINGS = 20
# Edges that are longer than this share of the scene's side are looked at between their middle and their ends as well,
# where a curve that crosses its chord in the middle shows.
_LONG = 0.01


def tolerance(bounds: tuple[float, float, float, float]) -> float:
    """Return how far an edge may lie beside the true one, in units of a scene's west, south, east and north."""
    west, south, east, north = bounds
    return max(east - west, north - south) * _TOLERANCE


def bent(ring: NDArray[np.float64], project: Project, close: float) -> NDArray[np.float64]:
    """Bring a ring into another CRS with as many points more as its edges need there.

    The middle of each edge is brought along; where it lies farther than `close` from the chord, the edge is halved, and
    its halves are looked at in turn. The points of the ring itself stay.

    Parameters
    ----------
    ring : (n, 2)
        Corners, the first of them again at the end; the edges between them are straight there.
    project
        Brings points into the other CRS.
    close
        How far an edge may lie beside the true one there, see `tolerance`.

    Returns
    -------
    (m, 2), m >= n, in the other CRS
    """
    here, there = ring, project(ring)
    long = close / _TOLERANCE * _LONG
    # Which edges have not been found close enough yet: edge i goes from point i to point i + 1.
    open_edges = np.arange(len(ring) - 1)
    for _ in range(_HALVINGS):
        if not open_edges.size:
            break
        start, end = here[open_edges], here[open_edges + 1]
        first, last = there[open_edges], there[open_edges + 1]
        middle = (start + end) / 2
        seen = project(middle)
        far = _distance(seen, first, last) > close
        doubtful = np.flatnonzero(~far & (np.abs(last - first).max(axis=1) > long))
        if doubtful.size:
            for share in (0.25, 0.75):
                between = project(start[doubtful] + (end - start)[doubtful] * share)
                far[doubtful] |= _distance(between, first[doubtful], last[doubtful]) > close
        places = open_edges[far] + 1
        here, there = np.insert(here, places, middle[far], axis=0), np.insert(there, places, seen[far], axis=0)
        # Each halved edge has become two, and moves those behind it on by one.
        halved = open_edges[far] + np.arange(places.size)
        open_edges = np.sort(np.concatenate([halved, halved + 1]))
    return there


def _distance(
    points: NDArray[np.float64], first: NDArray[np.float64], last: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far points lie from the chords from `first` to `last`, one each; all are (n, 2)."""
    along, offset = last - first, points - first
    squared = (along**2).sum(axis=1)
    # Behind an end the nearest point of the chord is that end: an edge once around a pole ends where it begins.
    share = np.clip((along * offset).sum(axis=1) / np.where(squared > 0, squared, 1), 0, 1)
    return np.hypot(*(offset - along * share[:, None]).T)


def boxes_around(
    points: NDArray[np.float64], turn: float | None, margin: float = 0.05
) -> list[tuple[float, float, float, float]]:
    """Return the boxes in a CRS that hold a scene, as west, south, east and north.

    A scene across the meridian where the CRS begins and ends lies at both of its ends, in two boxes; one box around
    both would hold the whole Earth.

    Parameters
    ----------
    points : (n, 2)
        Points of the scene on a lattice over all of it, in that CRS.
    turn
        After how much the first coordinate comes back to the same place, 360 in degrees; None where it does not.
        Polygons may be drawn beyond the ends, so every box is there again one turn to each side.
    margin
        What is added on each side, as a share of the longer side of all boxes together: so that a cut along a box
        never comes near the scene, and what lies between the points is in the box.
    """
    x, y = np.sort(points[:, 0]), points[:, 1]
    gaps = np.diff(x)
    widest = int(gaps.argmax()) if gaps.size else 0
    # A scene near a pole leaves wide gaps between its points, but none of half the Earth.
    apart = gaps.size > 0 and gaps[widest] > (turn / 2 if turn else (x[-1] - x[0]) / 2)
    parts = [(x[0], x[widest]), (x[widest + 1], x[-1])] if apart else [(x[0], x[-1])]
    more = margin * max(sum(east - west for west, east in parts), y.max() - y.min())
    shifts = (0.0,) if turn is None else (0.0, -turn, turn)
    return [
        (float(west - more + shift), float(y.min() - more), float(east + more + shift), float(y.max() + more))
        for shift in shifts
        for west, east in parts
    ]
