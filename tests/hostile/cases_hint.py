"""Cases about what the dialog's hint tells of scenes that are not of Collection 2's scaling, before a run is begun."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from bands import DN, run, scene
from table import assert_sentence, case
from tiny import Recorder, product

ODD = product(day="20220612")
BANDS = ("blue", "green", "red", "nir", "swir1", "swir2")
REFLECTANCE = DN * 0.0000275 - 0.2


def _lines(*paths: Path, bands: tuple[str, ...] = BANDS) -> list[str]:
    """Return the lines of the hint."""
    from iikmc.algorithms.scenes_widget.look import Looker, Question, Wanted
    from iikmc.algorithms.scenes_widget.words import lines
    from iikmc.engine.progress import Silent

    answer = Looker()(Question(tuple(map(str, paths)), Wanted(bands, ("cloud",))), Silent())
    assert answer.problem == ""
    return lines(answer, None)


def _odd(folder: Path, values: np.ndarray) -> Path:
    return scene(folder, np.asarray(values).astype(np.uint16), ODD)


@case(2, "one of two scenes is reflectance x 10000 or 0/1, in the dialog", "the hint says so, as the log", qgis=True)
def hint_of_another_scaling(folder: Path) -> None:
    cases = {
        "reflectance x 10000": np.clip(REFLECTANCE * 10_000, 1, None),
        "a mask": np.maximum(np.rint(REFLECTANCE), 1),
    }
    for number, (words, values) in enumerate(cases.items()):
        good, odd = scene(folder / str(number)), _odd(folder / str(number), values)
        *_, warning = _lines(good, odd)
        assert_sentence(
            warning, "2022-06-12 LC08 190027", "100.0 % of the valid pixels looked at", "the blue band", words
        )
        log = Recorder()
        run(good, odd, progress=log)
        (told,) = (text for text in log.warnings if "outside DN" in text)
        assert warning.replace(" looked at", "").replace("the blue band", "some band") == told


@case(2, "both scenes are reflectance x 10000, in the dialog", "the hint counts them and tells the first", qgis=True)
def hint_of_two_of_another_scaling(folder: Path) -> None:
    values = np.clip(REFLECTANCE * 10_000, 1, None)
    first, second = scene(folder, values.astype(np.uint16)), _odd(folder, values)
    *_, warning = _lines(first, second)
    assert_sentence(warning, "2 doubtful scenes, all of them in the tool tip. 2022-05-11 LC08")


@case(2, "good scenes, or one that is odd in another band or half, in the dialog", "no false alarm", qgis=True)
def hint_without_an_alarm(folder: Path) -> None:
    good = scene(folder)
    assert len(_lines(good)) == 2
    odd = DN.astype(np.uint16)
    odd[3] = 500
    other = _odd(folder, odd)
    assert len(_lines(good, other)) == 2
    assert "the nir band" in _lines(good, other, bands=("nir", "red"))[-1]
    half = np.full((6, 10, 10), 9000)
    half[:, :5] = 500
    assert len(_lines(_odd(folder / "half", half))) == 2
