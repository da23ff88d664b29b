"""How well a number of classes suits a sample: inertia, silhouette, Calinski-Harabasz and Davies-Bouldin."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import GRID
from ..pixels.block import Tally
from ..pixels.packing import squares
from ..pixels.sampling import Stratified
from ..requests import SuggestRequest
from ..scenes.scene import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import DN, Grid64, Labels

# The silhouette compares every pixel with every other; of a sample in random order the first are a sample too.
SILHOUETTE_PIXELS = 4000
# Scores are told apart to so many digits: what the order of floating-point additions changes must not choose k.
_DIGITS = 9


@dataclass(frozen=True)
class Score:
    """What speaks for a number of classes."""

    k: int
    """Classes."""
    pixels: int
    """Of the sample."""
    inertia: float
    """Sum of the squared distances to the centres, DN², from exact integers."""
    empty: int
    """Classes without a pixel."""
    calinski_harabasz: float | None
    """Spread between classes over spread within; high is good. Infinite where no class has any spread."""
    silhouette: float | None = None
    """-1..1, high is good; None without scikit-learn."""
    davies_bouldin: float | None = None
    """Likeness of each class to its nearest; low is good; None without scikit-learn."""

    @property
    def rms_dn(self) -> float:
        """Root mean square distance of a pixel to its centre, DN."""
        return math.sqrt(self.inertia / self.pixels)


def scikit_learn() -> bool:
    """Tell whether scikit-learn is here; its absence is no error."""
    try:
        import sklearn.metrics  # noqa: F401
    except ImportError:
        return False
    return True


def score(dn: DN, labels: Labels, tally: Tally, centres: Grid64, with_scikit_learn: bool) -> Score:
    """Score a clustering.

    Parameters
    ----------
    dn
        (n_bands, n) the sample, in random order.
    labels
        (n,) classes 1..k.
    tally
        Of the labels.
    centres
        (k, n_bands) in 1/64 DN.
    with_scikit_learn
        Whether to take silhouette and Davies-Bouldin from it.
    """
    k, n = centres.shape[0], dn.shape[1]
    square = squares(dn, labels, k)
    members = int(np.count_nonzero(tally.count))
    silhouette = davies_bouldin = None
    if with_scikit_learn and 2 <= members < n:
        silhouette, davies_bouldin = _from_scikit_learn(dn, labels)
    return Score(
        k=k,
        pixels=n,
        inertia=float(inertia(tally, square, centres)),
        empty=k - members,
        calinski_harabasz=calinski_harabasz(tally, square),
        silhouette=silhouette,
        davies_bouldin=davies_bouldin,
    )


def inertia(tally: Tally, square: NDArray[np.uint64], centres: Grid64) -> Fraction:
    """Return the sum of the squared distances of the members to their centres, in DN², exactly.

    Parameters
    ----------
    tally
        (k,) members and (k, n_bands) sums of their DN.
    square
        (k, n_bands) sums of their squared DN.
    centres
        (k, n_bands) in 1/64 DN.
    """
    total = 0
    for n, sums, quads, centre in zip(tally.count, tally.total, square, centres):
        for s, q, c in zip(sums, quads, centre):
            # sum (64 x - c)**2 in Python's integers
            total += GRID * GRID * int(q) - 2 * GRID * int(c) * int(s) + int(n) * int(c) ** 2
    return Fraction(total, GRID * GRID)


def calinski_harabasz(tally: Tally, square: NDArray[np.uint64]) -> float | None:
    """Return the index of Caliński and Harabasz (1974), exactly computed from integers.

    (B / (m - 1)) / (W / (n - m)) of the m classes with members: B the squared distances between the class means and
    the mean of all, weighted by the members; W those of the members to their class's mean.

    Returns
    -------
    float or None
        Infinite where W is 0; None for fewer than two classes or no more pixels than classes.
    """
    has = [j for j, n in enumerate(tally.count) if n]
    n, m = int(tally.count.sum()), len(has)
    if m < 2 or n <= m:
        return None
    bands = range(tally.total.shape[1])
    q = [sum(int(square[j, b]) for j in has) for b in bands]
    s = [sum(int(tally.total[j, b]) for j in has) for b in bands]
    whole = sum((Fraction(q[b]) - Fraction(s[b] ** 2, n) for b in bands), Fraction(0))
    explained = (Fraction(int(tally.total[j, b]) ** 2, int(tally.count[j])) for j in has for b in bands)
    within = sum(q) - sum(explained, Fraction(0))
    if within == 0:
        return math.inf
    return float((whole - within) / (m - 1) / (within / (n - m)))


def _from_scikit_learn(dn: DN, labels: Labels) -> tuple[float | None, float | None]:
    from sklearn.metrics import davies_bouldin_score, silhouette_score

    pixels = np.ascontiguousarray(dn.T, dtype=np.float64)
    some = labels[:SILHOUETTE_PIXELS]
    kinds = np.unique(some).size
    silhouette = None
    if 2 <= kinds < some.size:
        silhouette = float(silhouette_score(pixels[: some.size], some))
    return silhouette, float(davies_bouldin_score(pixels, labels))


@dataclass(frozen=True)
class Advice:
    """Which k is suggested, and why."""

    k: int
    """The suggestion."""
    elbow: int | None
    """Where the inertia curve bends most; None for fewer than three numbers of classes."""
    ranks: dict[int, float]
    """k -> mean rank over the indices, 1 is best."""
    reason: str
    """One sentence."""


_INDICES: tuple[tuple[str, Callable[[Score], float | None], int, str], ...] = (
    ("silhouette", lambda score: score.silhouette, -1, ".3f"),
    ("Calinski-Harabasz", lambda score: score.calinski_harabasz, -1, ",.0f"),
    ("Davies-Bouldin", lambda score: score.davies_bouldin, +1, ".3f"),
)


def advise(scores: Sequence[Score]) -> Advice:
    """Suggest the k with the best mean rank over the indices that are there; a tie goes to the fewer classes.

    Parameters
    ----------
    scores
        One a k, at least one.
    """
    ranks: dict[int, list[float]] = {score.k: [] for score in scores}
    used = []
    for name, index, sign, form in _INDICES:
        values = {score.k: index(score) for score in scores}
        if any(value is None for value in values.values()):
            continue
        rounded = {k: sign * float(f"{value:.{_DIGITS}g}") for k, value in values.items() if value is not None}
        used.append((name, form, values, rounded))
        for k, own in rounded.items():
            ranks[k].append(_rank(own, list(rounded.values())))
    means = {k: sum(found) / len(found) if found else 1.0 for k, found in ranks.items()}
    best = min(means, key=lambda k: (means[k], k))
    bend = elbow(scores)
    parts = [
        f"{name} {format(values[best], form)} (rank {_rank(rounded[best], list(rounded.values())):g})"
        for name, form, values, rounded in used
    ]
    span = f"{min(means)} to {max(means)} classes"
    if len(used) > 1:
        reason = f"{best} classes have the best mean rank ({means[best]:.2f}) among {span}: {', '.join(parts)}"
    elif used:
        reason = f"{best} classes have the highest {parts[0]} among {span}"
    else:
        reason = f"{best} classes are the fewest of {span}, and the sample is too small for any index"
    if bend is not None:
        reason += f"; the inertia curve bends most at {bend}"
    return Advice(best, bend, means, f"{reason}.")


def elbow(scores: Sequence[Score]) -> int | None:
    """Return where the inertia curve lies farthest below the line between its ends, both axes scaled to 0..1."""
    if len(scores) < 3:
        return None
    first, last = scores[0], scores[-1]
    fall = first.inertia - last.inertia
    if fall <= 0:
        return None

    def below(score: Score) -> float:
        return 1.0 - (score.k - first.k) / (last.k - first.k) - (score.inertia - last.inertia) / fall

    best = max(scores, key=lambda score: (round(below(score), _DIGITS), -score.k))
    return best.k if below(best) > 0 else None


def _rank(own: float, all_values: Sequence[float]) -> float:
    """Return the rank of a value, the smallest is 1; equal values share the mean of their ranks."""
    better = sum(value < own for value in all_values)
    equal = sum(value == own for value in all_values)
    return better + (equal + 1) / 2


@dataclass(frozen=True)
class Suggestion:
    """What a sample says about the number of classes."""

    request: SuggestRequest
    """What was asked."""
    scenes: tuple[Scene, ...]
    """In the order of time."""
    sample: Stratified
    """The pixels."""
    scores: tuple[Score, ...]
    """One a k, ascending."""
    advice: Advice
    """The suggestion."""
    scikit_learn: bool
    """Whether silhouette and Davies-Bouldin could be had."""

    @property
    def pixels(self) -> int:
        """Of the sample."""
        return int(self.sample.dn.shape[1])
