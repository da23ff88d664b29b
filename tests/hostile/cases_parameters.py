"""Cases about parameters: words, fractions, lists and nonsense in the place of numbers, choices and paths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from iikmc.engine import (
    AuditRequest,
    BenchmarkRequest,
    ClassifyRequest,
    IIkMCError,
    MaskRule,
    Request,
    SuggestRequest,
    TransitionRequest,
    cluster,
)
from iikmc.engine.errors import MemoryBudgetError, ParameterError
from iikmc.engine.ranges import MOST_MEMORY, MOST_WORKERS
from table import assert_sentence, case, refused
from tiny import make_scene, product

NAN, INFINITY = float("nan"), float("inf")
TOOLS = ("cluster", "classify", "audit", "suggestk", "transitions", "benchmark")
DN = np.arange(6 * 4 * 5).reshape(6, 4, 5) * 100 + 8000


def algorithm(name: str) -> Any:
    from qgis.core import QgsApplication

    return QgsApplication.processingRegistry().createAlgorithmById(f"iikmc:{name}")


def answer(tool: str, **values: object) -> str:
    """Return what the dialog, batch, `processing.run` and qgis_process say of values, "" if they are taken."""
    from qgis.core import QgsProcessingContext

    good, text = algorithm(tool).checkParameterValues(dict(values), QgsProcessingContext())
    assert good == (not text)
    return text


def told(tool: str, name: str, value: object, *words: object) -> None:
    """Assert that a wrong value is told in a sentence with these words."""
    text = answer(tool, **{name: value})
    assert_sentence(text, name, *words)
    assert "Incorrect parameter value" not in text


def cluster_values(folder: Path) -> dict[str, object]:
    """Return values of a run that is accepted."""
    if not (folder / "scenes").exists():
        make_scene(folder / "scenes", product(), DN)
    return {"SCENES": [str(folder / "scenes")], "K": 3, "MASK": [], "OUTPUT": str(folder / "out")}


def names_of(tool: str, kinds: tuple[type, ...]) -> list[str]:
    """Return the names of a tool's parameters of some kinds."""
    found = algorithm(tool)  # which takes its parameters with it
    return [one.name() for one in found.parameterDefinitions() if isinstance(one, kinds)]


@case(6, "K is a word", "says K, the word, a whole number from 2 to 254", qgis=True)
def k_is_a_word(folder: Path) -> None:
    told("cluster", "K", "abc", "is 'abc', expected a whole number; choose a number of classes from 2 to 254.")


@case(6, "K is 8.8, as a text and as a number", "says 8.8, a whole number, from 2 to 254", qgis=True)
def k_is_a_fraction(folder: Path) -> None:
    for value in ("8.8", 8.8):
        told("cluster", "K", value, "8.8", "expected a whole number", "from 2 to 254")


@case(11, "fractions as texts whose nearest float is whole", "refused as any fraction", qgis=True)
def fractions_that_floats_lose(folder: Path) -> None:
    told("cluster", "K", "8.00000000000000000001", "8.00000000000000000001", "expected a whole number")
    told("cluster", "SEED", "1e-400", "1e-400", "expected a whole number")


@case(6, "K is a list, a dictionary, empty", "says what was found and the range", qgis=True)
def k_is_a_list(folder: Path) -> None:
    for value, found in (([3], "[3]"), ({"k": 3}, "{'k': 3}"), ("", "''"), (b"3", "3")):
        told("cluster", "K", value, found, "expected a whole number", "from 2 to 254")


@case(6, "K is '8.0', ' 8 ', '8e0', 8.0 or NumPy's 8", "taken as 8", qgis=True)
def k_is_written_otherwise(folder: Path) -> None:
    values = cluster_values(folder)
    for value in ("8.0", " 8 ", "8e0", "+8", 8.0, np.int64(8), np.float32(8)):
        assert answer("cluster", **{**values, "K": value}) == ""


@case(6, "K is an expression that gives 8, 300 or nothing", "8 is taken, the others told", qgis=True)
def k_is_an_expression(folder: Path) -> None:
    from qgis.core import QgsProperty

    values = cluster_values(folder)
    assert answer("cluster", **{**values, "K": QgsProperty.fromExpression("5 + 3")}) == ""
    told("cluster", "K", QgsProperty.fromExpression("300"), "K is 300", "from 2 to 254")
    told("cluster", "K", QgsProperty.fromExpression("no_such_function("), "expression", "gives no value")


@case(6, "MASK is 6, beyond the last flag", "says 6 and lists the flags", qgis=True)
def mask_beyond_the_last(folder: Path) -> None:
    for value in (6, "6", "0,6", [0, 6]):
        told("cluster", "MASK", value, "6", "0 = Dilated cloud", "5 = Water")


@case(6, "MASK and BANDS of words", "says the word and lists the numbers", qgis=True)
def choices_of_words(folder: Path) -> None:
    told("audit", "MASK", "cloud", "'cloud'", "2 = Cloud")
    told("cluster", "BANDS", ["nir"], "['nir']", "3 = nir")


@case(6, "TOLERANCE is 1e309", "says the share from 0 to 100", qgis=True)
def tolerance_beyond_floats(folder: Path) -> None:
    for value in ("1e309", INFINITY, -INFINITY, NAN, "-0.1", 100.5):
        told("cluster", "TOLERANCE", value, "choose a share from 0 to 100.")


@case(6, "TOLERANCE is 0,5 with a comma", "says a number is expected", qgis=True)
def tolerance_with_a_comma(folder: Path) -> None:
    told("cluster", "TOLERANCE", "0,5", "'0,5'", "expected a number", "from 0 to 100")


@case(7, "INIT, MODE or DEVICE is NaN", "says nan and lists the choices", qgis=True)
def choices_are_nan(folder: Path) -> None:
    for name, last in (("INIT", "4 = Coarse-to-fine"), ("MODE", "1 = Each scene"), ("DEVICE", "2 = GPU")):
        for value in (NAN, "nan", INFINITY, 1e300):
            told("cluster", name, value, "expected one number of these", last)


@case(6, "MODE is a list, True, a word or 1.5", "says what was found and lists the choices", qgis=True)
def mode_of_other_kinds(folder: Path) -> None:
    for value, found in (([1], "[1]"), (True, "True"), ("each", "'each'"), (1.5, "1.5"), (-1, "-1"), ("", "''")):
        told("cluster", "MODE", value, f"MODE is {found}", "1 = Each scene on its own")


@case(6, "MASK_SATURATED is 'no', 2 or a list", "says yes or no is expected", qgis=True)
def yes_or_no(folder: Path) -> None:
    for value in ("no", 2, [True], NAN, ""):
        told("cluster", "MASK_SATURATED", value, "expected yes or no; write true or false.")


@case(6, "MASK_SATURATED is 'False', 'TRUE', 0, 1 or NumPy's True", "taken", qgis=True)
def yes_or_no_written_otherwise(folder: Path) -> None:
    values = cluster_values(folder)
    for value in ("False", "TRUE", 0, 1, np.bool_(True), None):
        assert answer("cluster", **{**values, "MASK_SATURATED": value}) == ""


@case(6, "all numbers and choices of all six tools as a word", "each names itself and what it found", qgis=True)
def every_scalar_as_a_word(folder: Path) -> None:
    from iikmc.algorithms.shared.values import SCALARS

    all_names = [(tool, name) for tool in TOOLS for name in names_of(tool, SCALARS)]
    assert len(all_names) > 35
    for tool, name in all_names:
        for value in ("quite a few", [["x"]], {"a": 1}, object(), b"\xff"):
            told(tool, name, value, "expected")
        told(tool, name, NAN, "nan")


@case(6, "every path of all six tools as a number or a list", "each says a path is expected", qgis=True)
def every_path_of_another_kind(folder: Path) -> None:
    from qgis.core import QgsProcessingDestinationParameter, QgsProcessingParameterFile

    kinds = (QgsProcessingDestinationParameter, QgsProcessingParameterFile)
    all_names = [(tool, name) for tool in TOOLS for name in names_of(tool, kinds)]
    assert len(all_names) == 16
    for tool, name in all_names:
        for value in (5, ["a"], NAN, Path("x.json"), {"a": 1}):
            told(tool, name, value, "expected a path")
        told(tool, name, "a\0b.json", "no system takes")


@case(6, "SIGNATURES does not end in .json", "says .json", qgis=True)
def signatures_of_another_ending(folder: Path) -> None:
    for tool in ("cluster", "classify"):
        told(tool, "SIGNATURES", str(folder / "a.csv"), folder / "a.csv", "does not end in .json")


@case(6, "OUTPUT is empty or not given", "says that it is empty", qgis=True)
def output_is_empty(folder: Path) -> None:
    values = cluster_values(folder)
    for value in ("", None):
        assert_sentence(answer("cluster", **{**values, "OUTPUT": value}), "OUTPUT is empty", "choose")
    values.pop("OUTPUT")
    assert_sentence(answer("cluster", **values), "OUTPUT is empty", "choose")


@case(6, "wrong values through processing.run", "the same sentence", qgis=True)
def through_processing_run(folder: Path) -> None:
    import processing
    from qgis.core import QgsProcessingException

    for name, value in (("K", "abc"), ("MODE", NAN), ("TOLERANCE", "x"), ("MASK", 6)):
        with pytest.raises(QgsProcessingException) as caught:
            processing.run("iikmc:cluster", {**cluster_values(folder), name: value})
        lines = str(caught.value).splitlines()
        assert lines[0] == "Unable to execute algorithm"
        assert_sentence(lines[1], f"{name} is", "expected", "choose")
    assert not (folder / "out").exists()


@case(6, "wrong values in a step of a model, which nobody checks before", "the same sentence", qgis=True)
def through_a_model(folder: Path) -> None:
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    for name, value in (("K", "abc"), ("SEED", 1e30), ("INIT", NAN), ("MASK", [0, 9])):
        context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
        _, good = algorithm("cluster").run({**cluster_values(folder), name: value}, context, feedback)
        assert not good
        assert f"{name} is" in feedback.textLog()
        assert "choose" in feedback.textLog()


@case(11, "SEED is NaN, 1e30 or a fraction", "refused with the range", qgis=True)
def seeds_beyond(folder: Path) -> None:
    for tool in ("cluster", "suggestk"):
        for value in (NAN, 1e30, "1e30", 0.5, 2**63):
            told(tool, "SEED", value, "choose a whole number from -9223372036854775808 to 9223372036854775807.")


@case(11, "SEED is 2**40, more than QGIS's own reader takes", "used as it is, not the default", qgis=True)
def a_large_seed(folder: Path) -> None:
    from qgis.core import QgsProcessingContext

    for value in (2**40, str(2**40), -(2**63)):
        assert algorithm("cluster").parameterAsInt({"SEED": value}, "SEED", QgsProcessingContext()) == int(value)


@case(11, "WORKERS is 2147483648", "refused with the range, in every tool", qgis=True)
def workers_beyond(folder: Path) -> None:
    for tool in TOOLS:
        for value in (2147483648, "2147483648", MOST_WORKERS + 1, -1, 1e9):
            told(tool, "WORKERS", value, f"up to {MOST_WORKERS}")


@case(11, "MEMORY is 1e20 MB", "refused with the range", qgis=True)
def memory_beyond(folder: Path) -> None:
    for value in (1e20, "1e20", MOST_MEMORY + 1, -1):
        told("cluster", "MEMORY", value, f"up to {MOST_MEMORY} MB")


@case(11, "MAX_ITERATIONS is 1e12 or 0", "refused with the range", qgis=True)
def iterations_beyond(folder: Path) -> None:
    for tool in ("cluster", "benchmark"):
        for value in (1e12, "1e12", 0, -5):
            told(tool, "MAX_ITERATIONS", value, "from 1 to 2147483647")


@case(11, "a number of 5000 digits", "refused with the range", qgis=True)
def endless_digits(folder: Path) -> None:
    for name in ("K", "SEED", "WORKERS", "TOLERANCE", "MEMORY"):
        told("cluster", name, "9" * 5000, "choose")
        told("cluster", name, 10**5000, "choose")
        told("cluster", name, "1e9999", "choose")
        told("cluster", name, "9" * 1_000_000 + "x", "expected a", "choose")


@case(11, "yes and no where a number is asked", "refused", qgis=True)
def booleans_as_numbers(folder: Path) -> None:
    for name in ("K", "SEED", "WORKERS", "TOLERANCE"):
        told("cluster", name, True, "is True, expected a")


@case(11, "the same numbers from a script", "ParameterError with the range")
def numbers_from_a_script(folder: Path) -> None:
    bad: dict[str, tuple[object, ...]] = {
        "k": (1, 255, 8.0, 8.8, "8", NAN, None, True, 10**5000, [8]),
        "max_iterations": (0, 10**12, 1.5, "x", None),
        "tolerance": (-1, 101, NAN, INFINITY, "1", None, True),
        "seed": (NAN, 1e30, 2**63, -(2**63) - 1, np.uint64(2**63), "42", None, False),
        "workers": (-1, 2**31, 1e20, "2", None),
        "memory": (-1, 1e20, 10**20, "0", None),
    }
    for name, values in bad.items():
        for value in values:
            with refused(name.upper(), "choose", error=ParameterError):
                Request((str(folder),), folder / "out", **{name: value}).check()
    for name, values in {"repeats": (0, 101, 1.0), "pixels": (-1, 2**31, "all")}.items():
        for value in values:
            with refused(name.upper(), "choose", error=ParameterError):
                BenchmarkRequest((str(folder),), folder / "out", **{name: value}).check()
    for name, values in {"k_min": (1, 2.0), "k_max": (255, "16"), "sample": (99, 50001, NAN)}.items():
        for value in values:
            with refused(name.upper(), "choose", error=ParameterError):
                SuggestRequest((str(folder),), **{name: value}).check()


@case(11, "numbers of NumPy from a script", "taken, and JSON can be written of them")
def numbers_of_numpy(folder: Path) -> None:
    request = Request(
        (str(folder),), folder / "out", k=np.int64(8), seed=np.uint8(7), tolerance=np.float32(0.5), workers=np.int32(2)
    )
    request.check()
    told = json.loads(json.dumps(request.parameters()))
    assert (told["k"], told["seed"], told["tolerance_percent"]) == (8, 7, 0.5)


@case(6, "a script gives SCENES as one path, a number, nothing", "refused: a list is expected")
def scenes_as_a_text(folder: Path) -> None:
    for scenes in (str(folder), folder, None, 5, [5], (None,)):
        with refused("SCENES is", "expected a list of paths", error=ParameterError):
            AuditRequest(scenes, folder / "out").check()


@case(6, "a script gives SCENES as paths instead of texts", "clustered, and signatures.json tells them")
def scenes_as_paths(folder: Path) -> None:
    scene = make_scene(folder / "in", product(), DN)
    result = cluster(Request([scene], folder / "out", MaskRule((), True), k=2, workers=1))
    assert json.loads(result.signatures.read_text("utf-8"))["run"]["parameters"]["scenes"] == [str(scene)]


@case(6, "a script gives paths as texts", "refused: a pathlib.Path is expected")
def paths_as_texts(folder: Path) -> None:
    with refused("OUTPUT", "pathlib.Path", error=ParameterError):
        AuditRequest((str(folder),), str(folder / "out")).check()
    with refused("SIGNATURES", "pathlib.Path", error=ParameterError):
        ClassifyRequest((str(folder),), folder / "out", signatures="s.json").check()
    with refused("AFTER", "pathlib.Path", error=ParameterError):
        TransitionRequest(folder / "a.tif", None).check()
    with refused("TABLE", "pathlib.Path", error=ParameterError):
        SuggestRequest((str(folder),), table="t.csv").check()


@case(6, "a script gives bands or flags that are none, twice or out of order", "refused with the list")
def names_from_a_script(folder: Path) -> None:
    for roles in (("red", "purple"), "red", ("red", "red"), ("nir", "red"), (1,), {"red"}):
        with refused("BANDS", "blue, green, red", error=ParameterError):
            Request((str(folder),), folder / "out", roles=roles).check()
    for flags in (("rain",), "cloud", (2,)):
        with refused("MASK", "cloud shadow", error=ParameterError):
            Request((str(folder),), folder / "out", MaskRule(flags, True)).check()


@case(11, "a script gives MASK, AOI or a yes or no that is none", "refused with what is expected")
def choices_from_a_script(folder: Path) -> None:
    for name, value, words in (
        ("mask", None, ("MASK is None", "expected a MaskRule")),
        ("mask", MaskRule((), "no"), ("MASK_SATURATED is 'no'", "True or False")),
        ("compare", 1, ("COMPARE is 1", "True or False")),
        ("aoi", "area.gpkg", ("AOI is 'area.gpkg'", "expected an Area")),
    ):
        with refused(*words, error=ParameterError):
            Request((str(folder),), folder / "out", **{name: value}).check()
    Request((str(folder),), folder / "out", MaskRule((), np.bool_(False)), compare=np.bool_(True)).check()


@case(7, "a path with a character 0", "refused in one sentence")
def zero_in_a_path(folder: Path) -> None:
    with refused("OUTPUT", "\\x00", error=ParameterError):
        Request((str(folder),), folder / "a\0b").check()
    with refused("SCENES"):
        cluster(Request((f"{folder}\0",), folder / "out"))


@case(7, "names that are too long for the disk", "refused in one sentence")
def names_too_long(folder: Path) -> None:
    long = "x" * 300
    make_scene(folder, product(), DN)
    with refused(long):
        cluster(Request((str(folder),), folder / long, MaskRule((), True), k=2, workers=1))
    SuggestRequest((str(folder),), table=folder / long).check()  # for the run to say
    with refused(long):
        cluster(Request((str(folder / long),), folder / "out"))


class _Fails:
    """A progress that raises what it is given, as a fault in the middle of a run."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __getattr__(self, _: str) -> Any:
        raise self.error


@case(7, "memory runs out in the middle of a run", "one sentence, of the engine's kind")
def out_of_memory(folder: Path) -> None:
    make_scene(folder, product(), DN)
    with refused("no memory left", "WORKERS", error=MemoryBudgetError):
        cluster(Request((str(folder),), folder / "out", MaskRule((), True), k=2), _Fails(MemoryError()))
    assert not (folder / "out").exists()


@case(7, "a fault of our own or of the system in the middle of a run", "one sentence; the cause stays")
def a_fault_of_our_own(folder: Path) -> None:
    make_scene(folder, product(), DN)
    request = Request((str(folder),), folder / "out", MaskRule((), True), k=2)
    for cause, word in ((ZeroDivisionError("by\nzero"), "ZeroDivisionError: by"), (OSError(5, "I/O"), "(I/O)")):
        with pytest.raises(IIkMCError) as caught:
            cluster(request, _Fails(cause))
        assert_sentence(str(caught.value), "The clustering", word)
        assert caught.value.__cause__ is cause


@case(7, "a fault of the engine's own in QGIS", "one sentence; the traceback is in the log", qgis=True)
def a_fault_in_qgis(folder: Path) -> None:
    from unittest import mock

    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    log = QgsProcessingFeedback(False)
    with mock.patch("iikmc.engine.runs.each.run_in_mode", side_effect=ZeroDivisionError("by zero")):
        _, good = algorithm("cluster").run(cluster_values(folder), QgsProcessingContext(), log)
    assert not good
    assert "iikmc:cluster ended with an error that was not expected (ZeroDivisionError: by zero)" in log.textLog()
    assert "Traceback" in log.textLog()
    with mock.patch("iikmc.engine.runs.cluster.check_scenes", side_effect=RecursionError("deep")):
        assert_sentence(answer("cluster", **cluster_values(folder)), "RecursionError: deep", "please report it")


@case(7, "KeyboardInterrupt in the middle of a run", "passes as it is")
def an_interrupt_passes(folder: Path) -> None:
    make_scene(folder, product(), DN)
    with pytest.raises(KeyboardInterrupt):
        cluster(Request((str(folder),), folder / "out", MaskRule((), True), k=2), _Fails(KeyboardInterrupt()))


@case(6, "REJECT in DN, below 0, a word, none", "refused with the range; empty rejects nothing", qgis=True)
def distances(folder: Path) -> None:
    for tool in ("cluster", "classify"):
        for value in (3000, "1e9", -0.1, "-1", "far", True, [0.1], "0,1", "1e400"):
            assert_sentence(answer(tool, REJECT=value), "a distance in reflectance from 0 to 10")
        for value in ("perhaps", 2, -1, [True]):
            assert_sentence(answer(tool, MARGIN=value), "yes or no")
    values = cluster_values(folder)
    for value in (None, "", " ", 0, "0.1", "1e-1", 10, np.float64(0.1), 1):
        assert answer("cluster", **{**values, "REJECT": value}) == ""
    for reject in (NAN, INFINITY, -INFINITY, -0.1, 10.1, 10**400, "0.1", True, [0.1]):
        for request in (
            Request((str(folder),), folder / "out", reject=reject),
            ClassifyRequest((str(folder),), folder / "out", signatures=folder / "s.json", reject=reject),
        ):
            with refused("REJECT", error=ParameterError):
                request.check()
    for margin in (1, "yes", None):
        with refused("MARGIN", "True or False", error=ParameterError):
            Request((str(folder),), folder / "out", margin=margin).check()
