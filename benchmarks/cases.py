"""What benchmarks/same_results.py runs: every tool with every choice that takes another way through the engine."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

STARTS = {"minimum-maximum": 0, "percentiles": 1, "plus-plus": 2, "coarse": 4}
"""Those that need no file, by the numbers that INIT has in the plugin."""
_FROM_FILE = 3


@dataclass(frozen=True)
class Case:
    """One run of an algorithm."""

    name: str
    """Its folder and its row in the table."""
    algorithm: str
    """Such as "iikmc:cluster"."""
    values: dict[str, Any]
    """Parameters."""
    folder: Path
    """Where everything goes that it leaves."""
    cancel_at: str = ""
    """How the line begins at which the user cancels; empty: never."""
    begin_with: str = ""
    """Folder of results that lie in OUTPUT before, with a class renamed; empty: none."""

    def job(self) -> dict[str, Any]:
        """Return it as benchmarks/in_qgis.py takes it."""
        return {**asdict(self), "folder": str(self.folder)}


@dataclass(frozen=True)
class Inputs:
    """What the cases are run on, found or made once for both checkouts."""

    scenes: Path
    """Folder of all scene folders."""
    flagged: tuple[str, ...]
    """Scenes that have QA_PIXEL."""
    pair: tuple[str, str]
    """Ids of two scenes of one place and sensor, where there are two."""
    area: Path
    """A polygon in each scene, as GeoJSON."""
    part: Path
    """A polygon in the first scene alone."""
    elsewhere: Path
    """A polygon that no scene meets."""
    bundle: Path
    """One scene as it is downloaded."""
    metadata: tuple[str, ...]
    """MTL files of other scenes, each in another format where there are several."""


def prepare(scenes: Path, folder: Path) -> Inputs:
    """Look at the scenes, and make the areas of interest and the bundle in `folder`.

    Raises
    ------
    FileNotFoundError
        There are not at least two scenes with QA_PIXEL.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = sorted(path for path in scenes.iterdir() if any(path.glob("*_SR_B2.TIF")))
    flagged = [path for path in found if any(path.glob("*_QA_PIXEL.TIF"))]
    if len(flagged) < 2:
        raise FileNotFoundError(f"{scenes} has fewer than two scene folders with QA_PIXEL files.")
    triangles = [_triangle(next(path.glob("*_SR_B2.TIF"))) for path in found]
    bundle = folder / f"{flagged[0].name}.tar"
    with tarfile.open(bundle, "w") as archive:
        for path in sorted(flagged[0].iterdir()):
            archive.add(path, path.name)
    return Inputs(
        scenes=scenes,
        flagged=tuple(map(str, flagged)),
        pair=_pair([path.name for path in found]),
        area=_write_area(folder / "area.geojson", triangles),
        part=_write_area(folder / "part.geojson", triangles[:1]),
        elsewhere=_write_area(folder / "elsewhere.geojson", [[[0.0, 0.0], [0.1, 0.0], [0.1, 0.1], [0.0, 0.0]]]),
        bundle=bundle,
        metadata=tuple(_metadata(path, number) for number, path in enumerate(flagged[1:])),
    )


def _pair(names: Sequence[str]) -> tuple[str, str]:
    for number, first in enumerate(names):
        for second in names[number + 1 :]:
            if first[:16] == second[:16]:  # sensor, level, path and row
                return first, second
    return names[0], names[1]


def _metadata(scene: Path, number: int) -> str:
    """Return a scene's MTL file, or its folder where it has none."""
    files = sorted(scene.glob("*_MTL.*"))
    return str(files[(number + 1) % len(files)] if files else scene)


def _triangle(raster: Path) -> list[list[float]]:
    """Return a ring over about a third of a raster, in degrees."""
    import rasterio
    from rasterio.warp import transform_bounds

    with rasterio.open(raster) as dataset:
        west, south, east, north = transform_bounds(dataset.crs, "EPSG:4326", *dataset.bounds)
    corners = ((0.15, 0.1), (0.9, 0.35), (0.4, 0.85), (0.15, 0.1))
    return [[west + x * (east - west), south + y * (north - south)] for x, y in corners]


def _write_area(path: Path, rings: Sequence[list[list[float]]]) -> Path:
    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}} for ring in rings
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


@dataclass
class _List:
    """Collects cases."""

    inputs: Inputs
    run: Path
    cases: list[Case] = field(default_factory=list)

    def out(self, case: str) -> Path:
        """Return the OUTPUT of a case."""
        return self.run / case / "out"

    def signatures(self, case: str, name: str = "signatures.json") -> dict[str, str]:
        """Return the value of SIGNATURES for the classes of a case."""
        return {"SIGNATURES": str(self.out(case) / name)}

    @property
    def all(self) -> dict[str, Any]:
        """Values for all scenes, with or without QA_PIXEL."""
        return {"SCENES": [str(self.inputs.scenes)], "MASK": []}

    @property
    def flagged(self) -> dict[str, Any]:
        """Values for the scenes that the default mask can be used on."""
        return {"SCENES": list(self.inputs.flagged)}

    def add(self, name: str, tool: str, values: dict[str, Any], **more: Any) -> None:
        """Add a case that writes into a folder OUTPUT."""
        self.add_files(name, tool, {"OUTPUT": str(self.out(name)), **values}, **more)

    def add_files(self, name: str, tool: str, values: dict[str, Any], **more: Any) -> None:
        """Add a case whose values name all its files."""
        self.cases.append(Case(name, f"iikmc:{tool}", values, self.run / name, **more))


def every_case(inputs: Inputs, run: Path) -> list[Case]:
    """Return all cases in an order in which each finds what it takes from others, below the folder `run`."""
    found = _List(inputs, run)
    for add in (_starts, _continued, _ways, _choices, _refusals, _classify, _looks, _transitions):
        add(found)
    return found.cases


def _starts(to: _List) -> None:
    for alone, mode in (("together", 0), ("alone", 1)):
        for name, number in STARTS.items():
            to.add(f"{alone}, {name}", "cluster", {**to.all, "INIT": number, "MODE": mode})
        start = {"INIT": _FROM_FILE, **to.signatures("together, percentiles")}
        to.add(f"{alone}, signatures file", "cluster", {**to.all, **start, "MODE": mode})


def _continued(to: _List) -> None:
    """Add runs that end early, and those that go on from them."""
    unfinished = "signatures_unfinished.json"
    to.add("three iterations", "cluster", {**to.all, "MAX_ITERATIONS": 3})
    to.add("cancelled", "cluster", to.all, cancel_at="Iteration 4:")
    to.add("cancelled at writing", "cluster", to.all, cancel_at="Writing")
    to.add("cancelled at reading", "cluster", to.all, cancel_at="Reading")
    for name, file in (("three iterations", "signatures.json"), ("cancelled", unfinished)):
        start = {"INIT": _FROM_FILE, **to.signatures(name, file)}
        to.add(f"{name}, continued", "cluster", {**to.all, **start})
        to.add(f"{name}, continued elsewhere", "cluster", {**to.flagged, **start})
    renamed = str(to.out("together, minimum-maximum"))
    to.add("into earlier results", "cluster", to.all, begin_with=renamed)


def _ways(to: _List) -> None:
    """Add what changes the way of the work and not its result."""
    to.add("one thread", "cluster", {**to.all, "WORKERS": 1})
    to.add("card", "cluster", {**to.flagged, "DEVICE": 2})
    for name, number in STARTS.items():
        to.add(f"spill, {name}", "cluster", {**to.all, "MEMORY": 1, "INIT": number})
    to.add("spill, alone", "cluster", {**to.all, "MEMORY": 1, "MODE": 1})
    to.add("spill, compare", "cluster", {**to.all, "MEMORY": 1, "COMPARE": True})


def _choices(to: _List) -> None:
    area, part = {"AOI": str(to.inputs.area)}, {"AOI": str(to.inputs.part)}
    files = {"SCENES": [str(to.inputs.bundle), *to.inputs.metadata]}
    for name, values in {
        "compare": {**to.flagged, "COMPARE": True},
        "compare, coarse": {**to.all, "COMPARE": True, "INIT": STARTS["coarse"]},
        "compare, alone": {**to.flagged, "COMPARE": True, "MODE": 1},
        "area": {**to.all, **area},
        "area, default mask": {**to.flagged, **area},
        "area, alone": {**to.all, **area, "MODE": 1},
        "area in one scene": {**to.all, **part},
        "area in one scene, alone": {**to.all, **part, "MODE": 1},
        "default mask": to.flagged,
        "default mask, alone": {**to.flagged, "MODE": 1},
        "no mask": {**to.flagged, "MASK": []},
        "whole mask": {**to.flagged, "MASK": [0, 1, 2, 3, 4, 5]},
        "saturated too": {**to.flagged, "MASK_SATURATED": False},
        "three bands": {**to.all, "BANDS": [2, 3, 4]},
        "one band": {**to.all, "BANDS": [3]},
        "two classes": {**to.all, "K": 2},
        "40 classes": {**to.all, "K": 40, "INIT": STARTS["plus-plus"]},
        "254 classes": {**to.flagged, "K": 254, "MAX_ITERATIONS": 5},
        "tolerance 0": {**to.all, "TOLERANCE": 0},
        "another seed": {**to.all, "INIT": STARTS["plus-plus"], "SEED": 7},
        "another seed, coarse": {**to.all, "INIT": STARTS["coarse"], "SEED": 7},
        "bundle and MTL files": files,
    }.items():
        to.add(name, "cluster", values)


def _refusals(to: _List) -> None:
    """Add what must be refused in the same words."""
    to.add("refused, no flags", "cluster", {"SCENES": to.all["SCENES"]})
    start = {"INIT": _FROM_FILE, **to.signatures("together, percentiles")}
    to.add("refused, other k", "cluster", {**to.all, **start, "K": 5})
    to.add("refused, other bands", "cluster", {**to.all, **start, "BANDS": [2, 3]})
    to.add("refused, no file", "cluster", {**to.all, "INIT": _FROM_FILE})
    to.add("refused, no scenes", "cluster", {"SCENES": [str(to.inputs.area.parent / "nothing")]})
    to.add("refused, area is no layer", "cluster", {**to.all, "AOI": to.inputs.metadata[0]})
    to.add("refused, area elsewhere", "cluster", {**to.all, "AOI": str(to.inputs.elsewhere)})


def _classify(to: _List) -> None:
    given = to.signatures("together, percentiles")
    of_one = f"{to.inputs.pair[0]}_signatures.json"
    for name, values in {
        "classify": {**to.all, **given},
        "classify, default mask": {**to.flagged, **given},
        "classify, one thread": {**to.all, **given, "WORKERS": 1},
        "classify, area": {**to.all, **given, "AOI": str(to.inputs.area)},
        "classify, area in one scene": {**to.all, **given, "AOI": str(to.inputs.part)},
        "classify, bundle and MTL files": {"SCENES": [str(to.inputs.bundle), *to.inputs.metadata], **given},
        "classify, renamed class": {**to.all, **to.signatures("into earlier results")},
        "classify, unfinished": {**to.all, **to.signatures("cancelled", "signatures_unfinished.json")},
        "classify, of one scene": {**to.all, **to.signatures("alone, percentiles", of_one)},
        "classify, three bands": {**to.all, **to.signatures("three bands")},
        "refused, classify into its source": {**to.all, **given, "OUTPUT": str(to.out("together, percentiles"))},
    }.items():
        to.add(name, "classify", values)
    to.add("classify, cancelled", "classify", {**to.all, **given}, cancel_at="Classifying")


def _looks(to: _List) -> None:
    """Add what only looks at scenes."""
    to.add("audit", "audit", {"SCENES": to.all["SCENES"]})
    to.add("audit, no mask, one thread", "audit", {**to.all, "WORKERS": 1})
    to.add("audit, area", "audit", {"SCENES": to.all["SCENES"], "AOI": str(to.inputs.area)})
    to.add("audit, three bands", "audit", {**to.flagged, "BANDS": [0, 1, 2], "MASK_SATURATED": False})
    for name, values in {
        "suggestk": to.all,
        "suggestk, default mask": {**to.flagged, "K_MAX": 8, "SAMPLE": 3000, "SEED": 7},
        "suggestk, three bands": {**to.all, "BANDS": [2, 3, 4], "K_MIN": 3, "K_MAX": 6, "WORKERS": 1},
    }.items():
        files = {"TABLE": str(to.run / name / "table.csv"), "REPORT": str(to.run / name / "report.html")}
        to.add_files(name, "suggestk", {**values, **files})
    job = {**to.flagged, "MAX_ITERATIONS": 2, "REPEATS": 1, "WORKERS": 2}
    to.add("benchmark", "benchmark", job)
    to.add("benchmark, some pixels", "benchmark", {**job, "PIXELS": 100_000, "K": 5})


def _transitions(to: _List) -> None:
    def compared(name: str, case: str, other: str = "", **more: Any) -> None:
        rasters = [to.out(one) / f"{scene}_classes.tif" for one, scene in zip((case, other or case), to.inputs.pair)]
        files = {key: f"{key.lower()}.{kind}" for key, kind in (("CHANGES", "tif"), ("MATRIX", "csv"))}
        places = {key: str(to.run / name / file) for key, file in {**files, "REPORT": "report.html"}.items()}
        values = {"BEFORE": str(rasters[0]), "AFTER": str(rasters[1]), **places, **more}
        to.add_files(name, "transitions", values)

    compared("transitions", "together, minimum-maximum")
    compared("transitions, one thread", "together, percentiles", WORKERS=1)
    compared("transitions, of classify", "together, percentiles", "classify")
    compared("transitions, other numbers", "40 classes", "together, coarse")
    compared("transitions, alone", "alone, minimum-maximum")
