"""All that is wrong with the scenes of a series is told at once: one line a problem, the scenes counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from iikmc.benchmarks.simulate import write_scene
from iikmc.engine.errors import Cancelled, GridError, ParameterError, SceneError
from iikmc.engine.progress import Silent
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.problems import Problems
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection

RULE = Selection(("blue", "red"), MaskRule(("cloud",), False))
OLI = range(2, 8)


def name(day: int) -> str:
    return f"LC08_L2SP_190027_202205{day:02d}_20220527_02_T1"


def scenes_of(folder: Path, days, qa=True, bands=OLI, side=8) -> None:
    for day in days:
        dn = np.full((side, side), 9000, np.uint16)
        clear = np.full((side, side), 21824, np.uint16) if qa else None
        write_scene(folder, name(day), dict.fromkeys(bands, dn), clear)


def refusal(folder: Path) -> SceneError:
    with pytest.raises(SceneError) as caught:
        check_series(find_scenes([folder]).scenes, RULE)
    return caught.value


def test_all_scenes_with_one_problem_are_counted_in_one_line(tmp_path):
    scenes_of(tmp_path, range(10, 22), qa=False)
    scenes_of(tmp_path, [1, 2])
    assert str(refusal(tmp_path)) == (
        "12 scenes: …_QA_PIXEL.TIF is missing, and MASK needs it; download it, or choose no flag in MASK. These are "
        f"{name(10)}, {name(11)}, {name(12)} and 9 more."
    )


def test_each_problem_has_a_line(tmp_path):
    scenes_of(tmp_path, [1, 2], qa=False)
    scenes_of(tmp_path, [3, 4, 5], bands=[2, 3])
    scenes_of(tmp_path, [6])
    (tmp_path / name(6) / f"{name(6)}_SR_B4.TIF").write_bytes(b"no raster")
    scenes_of(tmp_path, [7])
    first, second, third = str(refusal(tmp_path)).splitlines()
    assert first.startswith("2 scenes: …_QA_PIXEL.TIF is missing, ")
    assert first.endswith(f"These are {name(1)} and {name(2)}.")
    assert second.startswith(
        "3 scenes: the red band file …_SR_B4.TIF is missing; download it, or leave red out of BANDS."
    )
    assert second.endswith(f"These are {name(3)}, {name(4)} and {name(5)}.")
    assert third.startswith(f"Scene {name(6)}: {name(6)}_SR_B4.TIF cannot be ")


def test_one_scene_is_told_as_ever(tmp_path):
    scenes_of(tmp_path, [1], qa=False)
    scenes_of(tmp_path, [2])
    told = refusal(tmp_path)
    assert str(told) == (
        f"Scene {name(1)}: {name(1)}_QA_PIXEL.TIF is missing in {tmp_path / name(1)}, and MASK needs it; "
        "download it, or choose no flag in MASK."
    )


def test_the_kind_of_the_error_is_kept_where_all_have_it(tmp_path):
    scenes_of(tmp_path, [1, 2])
    for day in (1, 2):
        write_scene(tmp_path / "x", name(day), {4: np.full((9, 9), 9000, np.uint16)}, None)
        (tmp_path / "x" / name(day) / f"{name(day)}_SR_B4.TIF").replace(tmp_path / name(day) / f"{name(day)}_SR_B4.TIF")
    found = list(find_scenes([tmp_path / name(day) for day in (1, 2)]).scenes)
    with pytest.raises(GridError, match=r"^2 scenes: "):
        check_series(found, RULE)
    scenes_of(tmp_path, [3], qa=False)
    found += find_scenes([tmp_path / name(3)]).scenes
    with pytest.raises(SceneError) as caught:
        check_series(found, RULE)
    assert type(caught.value) is SceneError


def test_many_kinds_do_not_fill_the_screen(tmp_path):
    scenes_of(tmp_path, range(1, 16))
    problems = Problems()
    for number, scene in enumerate(find_scenes([tmp_path]).scenes):
        with problems.of(scene):
            raise SceneError(f"Scene {scene.id}: {number} bytes are missing.")
    lines = problems.text().splitlines()
    assert len(lines) == 10
    assert lines[0] == f"Scene {name(1)}: 0 bytes are missing."
    assert lines[9] == "6 more scenes have problems of other kinds."


@pytest.mark.parametrize("error", [Cancelled(""), ParameterError("K is 1.")])
def test_what_is_no_scene_s_fault_ends_it_at_once(tmp_path, error):
    scenes_of(tmp_path, [1])
    (scene,) = find_scenes([tmp_path]).scenes
    problems = Problems()
    with pytest.raises(type(error)), problems.of(scene):
        raise error
    assert problems.text() == ""
    problems.tell()


def test_a_cancel_is_heard_between_scenes(tmp_path):
    scenes_of(tmp_path, [1, 2], qa=False)

    class Impatient(Silent):
        def cancelled(self):
            return True

    with pytest.raises(Cancelled):
        check_series(find_scenes([tmp_path]).scenes, RULE, progress=Impatient())
