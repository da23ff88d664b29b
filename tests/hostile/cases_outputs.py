"""Cases about what is written: onto inputs, onto each other, and beside what an earlier run left."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
from calls import apply_to, audit_of
from iikmc.engine.choices import EACH_SCENE, SIGNATURES_FILE
from iikmc.engine.errors import OutputError, ParameterError
from iikmc.engine.map_requests import TransitionRequest
from iikmc.engine.requests import BenchmarkRequest, Request, SuggestRequest
from iikmc.engine.results.journal import APART
from iikmc.engine.runs.benchmark import benchmark
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.runs.each import run_in_mode
from iikmc.engine.runs.suggestk import suggest
from iikmc.engine.runs.transitions import compare
from iikmc.engine.scenes.selection import MaskRule
from table import case, refused
from tiny import Recorder, listing, make_scene, product, read_json, read_raster, six_band_noise

DAYS = ("20220511", "20220612", "20220714")
TABLES = {"signatures.json", "signatures.csv", "statistics.csv", "report.html"}


def series(folder: Path, number: int = 2) -> list[Path]:
    """Write so many small scenes."""
    return [make_scene(folder, product(day=day), six_band_noise(n, 20, 24)) for n, day in enumerate(DAYS[:number])]


def run(scenes: list[Path], output: Path, k: int = 3, progress: Recorder | None = None, **options: object):
    """Cluster scenes without a mask."""
    request = Request(tuple(map(str, scenes)), output, MaskRule((), False), k=k, workers=1, **options)
    return run_in_mode(request, progress)


def raster(scene: Path) -> str:
    """Return the name of a scene's classified raster."""
    return f"{scene.name}_classes.tif"


def rasters(folder: Path) -> tuple[Path, Path]:
    """Return two classified rasters of one run."""
    scenes = series(folder)
    run(scenes, folder / "out")
    return folder / "out" / raster(scenes[0]), folder / "out" / raster(scenes[1])


def unread(folder: Path, request: TransitionRequest, *words: object) -> None:
    """Expect a comparison to be refused with these words, and every file to stay what it is."""
    before = listing(folder)
    with refused(*words, error=ParameterError):
        compare(request)
    assert listing(folder) == before


@case(10, "BEFORE and AFTER one file, written with ..", "refused: the same file")
def one_raster_by_dots(folder: Path) -> None:
    before, _ = rasters(folder)
    unread(folder, TransitionRequest(before, before.parent / ".." / "out" / before.name), "BEFORE and AFTER", "same")


@case(10, "AFTER a symbolic link to BEFORE", "refused: the same file")
def one_raster_by_link(folder: Path) -> None:
    before, _ = rasters(folder)
    (folder / "link.tif").symlink_to(before)
    unread(folder, TransitionRequest(before, folder / "link.tif"), "BEFORE and AFTER", "same file")


@case(10, "AFTER a hard link to BEFORE", "refused: the same file")
def one_raster_by_hard_link(folder: Path) -> None:
    before, _ = rasters(folder)
    os.link(before, folder / "link.tif")
    unread(folder, TransitionRequest(before, folder / "link.tif"), "BEFORE and AFTER", "same file")


@case(10, "BEFORE in a folder that AFTER names by a link", "refused: the same file")
def one_raster_by_linked_folder(folder: Path) -> None:
    before, _ = rasters(folder)
    (folder / "linked").symlink_to(before.parent, target_is_directory=True)
    unread(folder, TransitionRequest(before, folder / "linked" / before.name), "BEFORE and AFTER", "same file")


@case(10, "BEFORE and AFTER the same path, which does not exist", "refused: the same file, before anything is opened")
def one_raster_that_is_not_there(folder: Path) -> None:
    unread(folder, TransitionRequest(folder / "a.tif", folder / "x" / ".." / "a.tif"), "BEFORE and AFTER")


@case(10, "MATRIX a name with a zero byte, REPORT a loop of links", "no traceback: one sentence")
def impossible_names(folder: Path) -> None:
    before, after = rasters(folder)
    (folder / "loop").symlink_to(folder / "loop")
    for options in ({"matrix": folder / "a\0.csv"}, {"report": folder / "loop" / "r.html"}):
        with refused(next(iter(options)).upper()):
            compare(TransitionRequest(before, after, **options))


@case(7, "BEFORE or CHANGES is an empty path from a script", "one sentence")
def empty_paths(folder: Path) -> None:
    before, after = rasters(folder)
    with refused("BEFORE: . cannot be read as a raster"):
        compare(TransitionRequest(Path(), after))
    with refused("CHANGES: . is a folder"):
        compare(TransitionRequest(before, after, changes=Path()))


@case(6, "OUTPUT holds folders named as its files, MATRIX has a name of 264 letters", "says which, and what to do")
def folders_as_files(folder: Path) -> None:
    (scene,) = series(folder, 1)
    for number, name in enumerate((f"{scene.name}_classes.tif", "signatures.json")):
        (folder / str(number) / name).mkdir(parents=True)
        with refused(f"OUTPUT: {name}", "is a folder", "rename it", error=OutputError):
            run([scene], folder / str(number))
    before, after = rasters(folder)
    with refused("MATRIX", "File name too long", "choose a shorter name", error=OutputError):
        compare(TransitionRequest(before, after, matrix=folder / f"{'x' * 260}.csv"))


@case(10, "two dates with equal content", "compared: 0 pixels changed")
def equal_copies(folder: Path) -> None:
    before, _ = rasters(folder)
    shutil.copy(before, folder / "copy.tif")
    found = compare(TransitionRequest(before, folder / "copy.tif"))
    assert (found.common, found.changed) == (20 * 24, 0)


@case(10, "CHANGES over BEFORE, written with ..", "refused: would overwrite BEFORE")
def changes_over_before(folder: Path) -> None:
    before, after = rasters(folder)
    there = before.parent / ".." / "out" / before.name
    unread(folder, TransitionRequest(before, after, changes=there), "CHANGES would overwrite BEFORE", before)


@case(10, "CHANGES a link to AFTER", "refused: would overwrite AFTER")
def changes_over_link(folder: Path) -> None:
    before, after = rasters(folder)
    (folder / "link.tif").symlink_to(after)
    unread(folder, TransitionRequest(before, after, changes=folder / "link.tif"), "CHANGES would overwrite AFTER")


@case(10, "CHANGES x.tif whose style x.qml is that of BEFORE, x.tiff", "refused: the style would be overwritten")
def changes_over_style(folder: Path) -> None:
    before, after = rasters(folder)
    shutil.copy(before, folder / "x.tiff")
    shutil.copy(before.with_suffix(".qml"), folder / "x.qml")
    words = ("CHANGES: x.qml, which is written beside it, would overwrite x.qml beside BEFORE",)
    unread(folder, TransitionRequest(folder / "x.tiff", after, changes=folder / "x.tif"), *words)


@case(10, "MATRIX onto the style of AFTER", "refused: would overwrite the .qml beside AFTER")
def matrix_over_style(folder: Path) -> None:
    before, after = rasters(folder)
    style = after.with_suffix(".qml")
    unread(folder, TransitionRequest(before, after, matrix=style), f"MATRIX would overwrite {style.name} beside AFTER")


@case(10, "REPORT onto the .aux.xml of BEFORE", "refused: would overwrite the .aux.xml beside BEFORE")
def report_over_names(folder: Path) -> None:
    before, after = rasters(folder)
    names = before.with_name(f"{before.name}.aux.xml")
    unread(folder, TransitionRequest(before, after, report=names), f"REPORT would overwrite {names.name} beside BEFORE")


@case(10, "REPORT onto the overviews (.ovr) of BEFORE", "refused: would overwrite the .ovr beside BEFORE")
def report_over_overviews(folder: Path) -> None:
    before, after = rasters(folder)
    unread(folder, TransitionRequest(before, after, report=Path(f"{before}.ovr")), "REPORT would overwrite", ".ovr")


@case(10, "MATRIX and REPORT one file, written with ..", "refused: the same file, choose two")
def matrix_onto_report(folder: Path) -> None:
    before, after = rasters(folder)
    request = TransitionRequest(before, after, matrix=folder / "a.csv", report=folder / "out" / ".." / "a.csv")
    unread(folder, request, "REPORT and MATRIX are the same file", "choose two")


@case(10, "MATRIX and REPORT two hard links of one file", "refused: the same file, choose two")
def matrix_linked_to_report(folder: Path) -> None:
    before, after = rasters(folder)
    (folder / "a.csv").write_text("mine")
    os.link(folder / "a.csv", folder / "b.html")
    request = TransitionRequest(before, after, matrix=folder / "a.csv", report=folder / "b.html")
    unread(folder, request, "are the same file")


@case(10, "MATRIX named as the style of CHANGES", "refused: the style would overwrite MATRIX")
def style_onto_matrix(folder: Path) -> None:
    before, after = rasters(folder)
    request = TransitionRequest(before, after, changes=folder / "c.tif", matrix=folder / "c.qml")
    unread(folder, request, "CHANGES: c.qml, which is written beside it, would overwrite MATRIX")


@case(10, "REPORT named as the .aux.xml of CHANGES", "refused: it would overwrite REPORT")
def names_onto_report(folder: Path) -> None:
    before, after = rasters(folder)
    request = TransitionRequest(before, after, changes=folder / "c.tif", report=folder / "c.tif.aux.xml")
    unread(folder, request, "CHANGES: c.tif.aux.xml, which is written beside it, would overwrite REPORT")


@case(10, "CHANGES, MATRIX and REPORT in one folder with the rasters", "written; the rasters are the same bytes")
def all_in_one_folder(folder: Path) -> None:
    before, after = rasters(folder)
    out = before.parent
    kept = listing(out)
    compare(TransitionRequest(before, after, out / "c.tif", out / "m.csv", out / "r.html"))
    found = listing(out)
    assert set(found) - set(kept) == {"c.tif", "c.qml", "c.tif.aux.xml", "m.csv", "r.html"}
    assert {name: found[name] for name in kept} == kept


@case(10, "REPORT that cannot be replaced, after CHANGES and MATRIX were", "refused; none of the three is changed")
def last_of_three_fails(folder: Path) -> None:
    before, after = rasters(folder)
    request = TransitionRequest(before, after, folder / "c.tif", folder / "m.csv", folder / "r.html")
    compare(request)
    (folder / "r.html").unlink()
    kept = listing(folder)
    genuine = os.replace

    def held(source: Path, target: Path) -> None:
        if Path(target) == folder / "r.html":
            raise PermissionError(13, "Permission denied")
        genuine(source, target)

    os.replace = held
    try:
        with refused("REPORT: r.html cannot be replaced", error=OutputError):
            compare(request)
    finally:
        os.replace = genuine
    assert listing(folder) == kept


@case(10, "an old .ovr beside CHANGES, which is replaced", "the .ovr goes with the raster that it was made of")
def stale_overviews(folder: Path) -> None:
    before, after = rasters(folder)
    (folder / "c.tif").write_bytes(b"old")
    (folder / "c.tif.ovr").write_bytes(b"old")
    compare(TransitionRequest(before, after, changes=folder / "c.tif"))
    assert not (folder / "c.tif.ovr").exists()


def suggest_request(scenes: list[Path], **options: Path) -> SuggestRequest:
    """Return a request for a small sample."""
    return SuggestRequest(tuple(map(str, scenes)), MaskRule((), False), k_min=2, k_max=3, sample=100, **options)


@case(10, "suggestk: TABLE over a band of SCENES", "refused: would overwrite SCENES")
def suggestion_over_band(folder: Path) -> None:
    scenes = series(folder)
    kept = listing(folder)
    band = scenes[0] / f"{scenes[0].name}_SR_B4.TIF"
    with refused("TABLE would overwrite SCENES", band, error=ParameterError):
        suggest(suggest_request(scenes, table=scenes[1] / ".." / band.parent.name / band.name))
    assert listing(folder) == kept


@case(10, "suggestk: REPORT over the MTL file of SCENES", "refused: would overwrite SCENES")
def suggestion_over_mtl(folder: Path) -> None:
    scenes = series(folder)
    mtl = scenes[0] / f"{scenes[0].name}_MTL.txt"
    if not mtl.exists():
        mtl.write_text("")
    kept = listing(folder)
    with refused("REPORT would overwrite SCENES", mtl, error=ParameterError):
        suggest(suggest_request(scenes[:1], report=mtl))
    assert listing(folder) == kept


@case(10, "suggestk: TABLE and REPORT one file through a linked folder", "refused: the same file, choose two")
def suggestion_onto_itself(folder: Path) -> None:
    scenes = series(folder)
    (folder / "linked").symlink_to(folder, target_is_directory=True)
    with refused("REPORT and TABLE are the same file", error=ParameterError):
        suggest(suggest_request(scenes, table=folder / "a.csv", report=folder / "linked" / "a.csv"))


@case(10, "audit: OUTPUT holds audit.csv as a link to a band", "refused: would overwrite SCENES")
def audit_over_band(folder: Path) -> None:
    scenes = series(folder)
    (folder / "out").mkdir()
    (folder / "out" / "audit.csv").symlink_to(scenes[0] / f"{scenes[0].name}_SR_B4.TIF")
    kept = listing(folder)
    with refused("OUTPUT: audit.csv would overwrite SCENES", "choose another folder", error=ParameterError):
        audit_of(scenes, folder / "out")
    assert listing(folder) == kept


@case(10, "benchmark: OUTPUT holds its page as a link to a band", "refused: would overwrite SCENES")
def benchmark_over_band(folder: Path) -> None:
    from iikmc.engine.measuring.timings import PAGE_NAME

    scenes = series(folder)
    (folder / "out").mkdir()
    (folder / "out" / PAGE_NAME).symlink_to(scenes[0] / f"{scenes[0].name}_SR_B4.TIF")
    request = BenchmarkRequest(tuple(map(str, scenes)), folder / "out", MaskRule((), False))
    with refused(f"OUTPUT: {PAGE_NAME} would overwrite SCENES", error=ParameterError):
        benchmark(request)


@case(10, "cluster: OUTPUT is the folder of a scene", "written beside the bands, which stay the same bytes")
def output_in_scene_folder(folder: Path) -> None:
    (scene,) = series(folder, 1)
    kept = listing(scene)
    run([scene], scene)
    found = listing(scene)
    assert {name: found[name] for name in kept} == kept
    assert set(found) - set(kept) >= {raster(scene), *TABLES}


@case(
    10,
    "cluster: SIGNATURES is the signatures.json of OUTPUT itself",
    "read first, replaced last: the same as elsewhere",
)
def continued_in_place(folder: Path) -> None:
    scenes = series(folder)
    run(scenes, folder / "out", max_iterations=1)
    first = folder / "out" / "signatures.json"
    shutil.copy(first, folder / "copy.json")
    options = {"start": SIGNATURES_FILE, "tolerance": 0.0}
    elsewhere = run(scenes, folder / "other", signatures=folder / "copy.json", **options)
    here = run(scenes, folder / "out", signatures=first, **options)
    assert np.array_equal(here.fit.centres, elsewhere.fit.centres)
    for scene in scenes:
        assert (folder / "out" / raster(scene)).read_bytes() == (folder / "other" / raster(scene)).read_bytes()
    assert read_json(first)["centres"] == read_json(folder / "other" / "signatures.json")["centres"]


@case(10, "cluster: SIGNATURES lies in OUTPUT under the name report.html", "refused: would overwrite SIGNATURES")
def signatures_as_report(folder: Path) -> None:
    scenes = series(folder)
    run(scenes, folder / "out")
    shutil.copy(folder / "out" / "signatures.json", folder / "out" / "report.html")
    kept = listing(folder)
    with refused("OUTPUT: report.html would overwrite SIGNATURES", error=ParameterError):
        run(scenes, folder / "out", start=SIGNATURES_FILE, signatures=folder / "out" / "report.html")
    assert listing(folder) == kept


@case(10, "classify: SIGNATURES a link to the signatures.json of OUTPUT", "refused: OUTPUT is its folder")
def classified_onto_signatures(folder: Path) -> None:
    scenes = series(folder)
    run(scenes, folder / "out")
    (folder / "link.json").symlink_to(folder / "out" / "signatures.json")
    kept = listing(folder)
    with refused("OUTPUT", "SIGNATURES", error=ParameterError):
        apply_to(scenes, folder / "link.json", folder / "out")
    assert listing(folder) == kept


def set_apart(output: Path) -> Path:
    """Return the one folder that keeps an earlier run."""
    (found,) = (path for path in output.iterdir() if path.is_dir())
    assert found.name.startswith(APART)
    return found


@case(
    10, "a run of 1 scene with another K into the OUTPUT of 3", "told; the 2 other rasters set apart with their tables"
)
def fewer_scenes(folder: Path) -> None:
    scenes = series(folder, 3)
    run(scenes, folder / "out")
    kept = listing(folder / "out")
    (folder / "out" / "mine.tif").write_text("mine")
    progress = Recorder()
    run(scenes[:1], folder / "out", 4, progress)
    earlier = set_apart(folder / "out")
    others = {name for name in kept if name.startswith((scenes[1].name, scenes[2].name))}
    assert {path.name for path in earlier.iterdir()} == others | TABLES
    assert {path.name: path.read_bytes() for path in earlier.iterdir()} == {
        name: kept[name] for name in others | TABLES
    }
    (told,) = (text for text in progress.warnings if "earlier run" in text)
    assert "2 classified rasters of other classes or colours" in told
    assert str(earlier) in told
    assert len(read_json(folder / "out" / "signatures.json")["centres"]) == 4
    assert {path.name for path in (folder / "out").glob("*.tif")} == {raster(scenes[0]), "mine.tif"}


@case(10, "the same run again", "replaced, nothing set apart, nothing said")
def same_run_again(folder: Path) -> None:
    scenes = series(folder)
    run(scenes, folder / "out")
    kept = {name: data for name, data in listing(folder / "out").items() if name.endswith(".tif")}
    progress = Recorder()
    run(scenes, folder / "out", 3, progress)
    assert not [text for text in progress.warnings if "earlier" in text]
    found = listing(folder / "out")
    assert {name: found[name] for name in kept} == kept
    assert len([name for name in found if not name.startswith("plotly-")]) == 2 * 3 + 4


@case(10, "classify a second scene with the same signatures into one OUTPUT", "the first raster stays, and it is told")
def classified_one_by_one(folder: Path) -> None:
    scenes = series(folder)
    run(scenes, folder / "fit")
    signatures = folder / "fit" / "signatures.json"
    apply_to(scenes[:1], signatures, folder / "out")
    progress = Recorder()
    apply_to(scenes[1:], signatures, folder / "out", progress=progress)
    for scene in scenes:
        assert np.array_equal(read_raster(folder / "out" / raster(scene)), read_raster(folder / "fit" / raster(scene)))
    assert [path for path in (folder / "out").iterdir() if path.is_dir()] == []
    (told,) = (text for text in progress.warnings if "earlier run" in text)
    assert raster(scenes[0]) in told
    assert "still right" in told


@case(10, "classify a second scene with the same signatures in other colours", "the first raster stays")
def classified_in_other_colours(folder: Path) -> None:
    scenes = series(folder)
    run(scenes, folder / "fit")
    signatures = folder / "fit" / "signatures.json"
    apply_to(scenes[:1], signatures, folder / "out")
    document = read_json(signatures)
    document["classes"][0]["colour"] = "#123456"
    signatures.write_text(json.dumps(document))
    apply_to(scenes[1:], signatures, folder / "out")
    assert {path.name for path in (folder / "out").glob("*.tif")} == {raster(scene) for scene in scenes}


@case(10, "classify a second scene with the same signatures, whose last class is black", "the first raster stays")
def classified_in_black(folder: Path) -> None:
    scenes = series(folder)
    run(scenes, folder / "fit")
    signatures = folder / "fit" / "signatures.json"
    document = read_json(signatures)
    document["classes"][-1]["colour"] = "#000000"
    signatures.write_text(json.dumps(document))
    apply_to(scenes[:1], signatures, folder / "out")
    apply_to(scenes[1:], signatures, folder / "out")
    assert {path.name for path in (folder / "out").glob("*.tif")} == {raster(scene) for scene in scenes}


@case(10, "classify with other signatures into the OUTPUT of another scene", "told; the other raster set apart")
def classified_with_others(folder: Path) -> None:
    scenes = series(folder)
    run(scenes[:1], folder / "out")
    run(scenes[1:], folder / "fit", 4)
    progress = Recorder()
    apply_to(scenes[1:], folder / "fit" / "signatures.json", folder / "out", progress=progress)
    assert raster(scenes[0]) in {path.name for path in set_apart(folder / "out").iterdir()}
    assert any("other classes" in text for text in progress.warnings)


@case(10, "classify into the OUTPUT of scenes with classes of their own", "their signatures are set apart too")
def classified_among_own(folder: Path) -> None:
    scenes = series(folder)
    run(scenes, folder / "out", mode=EACH_SCENE)
    run(scenes, folder / "fit")
    apply_to(scenes, folder / "fit" / "signatures.json", folder / "out")
    names = {path.name for path in set_apart(folder / "out").iterdir()}
    own = {f"{scene.name}_signatures{end}" for scene in scenes for end in (".json", ".csv")}
    assert names == own | {"statistics.csv", "report.html"}
    assert len(list((folder / "out").glob("*.tif"))) == 2


@case(
    10, "each scene on its own: fewer scenes into the same OUTPUT", "the other raster stays with its signatures, told"
)
def fewer_scenes_of_their_own(folder: Path) -> None:
    scenes = series(folder)
    run(scenes, folder / "out", mode=EACH_SCENE)
    kept = listing(folder / "out")
    progress = Recorder()
    run(scenes[:1], folder / "out", 3, progress, mode=EACH_SCENE)
    found = listing(folder / "out")
    assert {n: d for n, d in found.items() if n.startswith(scenes[1].name)} == {
        n: d for n, d in kept.items() if n.startswith(scenes[1].name)
    }
    assert any(raster(scenes[1]) in text for text in progress.warnings)


@case(10, "a foreign .tif in OUTPUT that is named as ours are", "not touched")
def foreign_raster(folder: Path) -> None:
    import rasterio

    scenes = series(folder)
    run(scenes[:1], folder / "out")
    foreign = folder / "out" / raster(scenes[1])
    place = rasterio.Affine(30, 0, 0, 0, -30, 0)
    profile = {"driver": "GTiff", "width": 4, "height": 4, "count": 1, "dtype": "uint8", "transform": place}
    with rasterio.open(foreign, "w", **profile) as target:
        target.write(np.ones((1, 4, 4), np.uint8))
    data = foreign.read_bytes()
    run(scenes[:1], folder / "out", 4)
    assert foreign.read_bytes() == data
    assert [path for path in (folder / "out").iterdir() if path.is_dir()] == []


@case(
    10, "a raster to be set apart that another program holds open (Windows)", "refused before the work; nothing moved"
)
def held_raster(folder: Path) -> None:
    scenes = series(folder)
    run(scenes, folder / "out")
    kept = listing(folder / "out")
    genuine = os.replace

    def held(source: Path, target: Path) -> None:
        if Path(source).name == raster(scenes[1]):
            raise PermissionError(13, "Permission denied")
        genuine(source, target)

    os.replace = held
    try:
        with refused("OUTPUT", raster(scenes[1]), "remove its layers from QGIS", error=OutputError):
            cluster(Request((str(scenes[0]),), folder / "out", MaskRule((), False), k=4, workers=1))
    finally:
        os.replace = genuine
    assert listing(folder / "out") == kept


@case(10, "setting apart fails half-way", "refused; OUTPUT is what it was")
def apart_half_way(folder: Path) -> None:
    scenes = series(folder)
    run(scenes, folder / "out")
    kept = listing(folder / "out")
    genuine = os.replace

    def full(source: Path, target: Path) -> None:
        if APART in str(target) and str(target).endswith(".qml"):
            raise OSError(28, "No space left on device")
        genuine(source, target)

    os.replace = full
    try:
        with refused("OUTPUT", "cannot be replaced", error=OutputError):
            run(scenes[:1], folder / "out", 4)
    finally:
        os.replace = genuine
    left = listing(folder / "out")
    # From which the failed run can go on.
    assert left.pop("signatures_unfinished.json")
    assert left == kept
