"""By how much gaps have closed: by hand, always rounded up, begun anew before the keys' bits run out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from iikmc.engine.kernels import moves as moves_module


def grid(rows):
    """Return centres given in DN on the grid of 1/64 DN."""
    return np.round(64 * np.array(rows, float)).astype(np.int64)


def test_gaps_close_by_the_own_move_and_the_largest_of_the_others():
    old = grid([(100, 200), (500, 500), (900, 100)])
    # Moves of 5 DN (3, 4), 0 and 13 DN (5, 12); 16 quanta a DN.
    new = grid([(103, 204), (500, 500), (905, 112)])
    assert moves_module.closing(old, new).tolist() == [16 * (5 + 13), 16 * (0 + 13), 16 * (13 + 5)]


@pytest.mark.parametrize(
    ("move", "quanta"),
    [((1, 0), 1), ((4, 0), 1), ((5, 0), 2), ((3, 4), 2), ((0, 0), 0), ((4, 1), 2), ((2**22, 2**22), 1482911)],
)
def test_moves_are_rounded_up_to_quanta(move, quanta):
    # In grid units: a quantum is 4 of them. sqrt(2) * 2**22 / 4 = 1482910.4
    old = np.zeros((2, 2), np.int64)
    new = np.array([move, (0, 0)], np.int64)
    assert moves_module.closing(old, new).tolist() == [quanta, quanta]


def test_closing_is_never_below_the_real_ways():
    rng = np.random.default_rng(5)
    for k in (2, 3, 9):
        for size in (1, 3, 50, 10**6):
            old = rng.integers(0, 65535 * 64, (k, 6))
            new = old + rng.integers(-size, size + 1, old.shape)
            ways = [math.dist(a, b) / 4 for a, b in zip(old.tolist(), new.tolist())]
            for a, quanta in enumerate(moves_module.closing(old, new).tolist()):
                others = max(way for j, way in enumerate(ways) if j != a)
                assert ways[a] + others <= quanta < ways[a] + others + 2


def test_log_adds_up_and_begins_anew_above_the_limit():
    log = moves_module.MoveLog()
    first = log.follow(grid([(0,), (1000,)]))
    assert first.closed.tolist() == [0, 0]
    assert first.closing is None
    second = log.follow(grid([(1,), (1000,)]))
    third = log.follow(grid([(1,), (1002,)]))
    assert second.history == third.history == first.history
    assert second.closed.tolist() == [16, 16]
    assert third.closed.tolist() == [48, 48]
    assert third.closing.tolist() == [32, 32]
    # 3746 DN more would be 48 + 59936 = 59984 quanta; one DN more is over the limit of 60000.
    fourth = log.follow(grid([(3747,), (1002,)]))
    assert (fourth.history, fourth.closed.tolist()) == (first.history, [59984, 59984])
    fifth = log.follow(grid([(3748.5,), (1002,)]))
    assert fifth.history != first.history
    assert fifth.closed.tolist() == [0, 0]
    assert fifth.closing.tolist() == [24, 24]
    assert log.follow(grid([(3748.5,), (1003,)])).closed.tolist() == [16, 16]


def test_logs_never_share_a_history():
    centres = grid([(0,), (1,)])
    assert len({moves_module.MoveLog().follow(centres).history for _ in range(5)}) == 5


def test_log_keeps_no_hold_of_the_callers_centres():
    log = moves_module.MoveLog()
    centres = grid([(0,), (1000,)])
    log.follow(centres)
    centres += 64
    assert log.follow(centres).closed.tolist() == [32, 32]
