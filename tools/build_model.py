#!/usr/bin/python3
"""Write the models that ship with the plugin, by QGIS's own model API: `make docs` calls it.

    /usr/bin/python3 tools/build_model.py [FOLDER]      (default: models)

To be run with the oldest QGIS that is supported: newer ones read its files, and not always the other way round.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import qgis_run

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_HASH_SEED"] = "0"  # the order of the attributes in the file
os.environ["LC_ALL"] = "C.UTF-8"  # the language of the tables and of the names of the steps
sys.path[:0] = qgis_run.PYTHON_PATHS

from qgis.core import (  # noqa: E402
    QgsApplication,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
)
from qgis.PyQt.QtCore import QPointF  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "models"

# A classified raster is named after its product. Landsat's identifier stands in the path of its folder, its MTL file
# and its .tar bundle alike, where the greedy beginning finds the last one; of others the folder or bundle is named so.
_LANDSAT = ".*(L[COTE]0[4-9]_L2S[PR]_[0-9]{6}_[0-9]{8}_[0-9]{8}_[0-9]{2}_[A-Z0-9]{2})"
_NAMED = "^.*?([^/]+?)([.]SAFE|[.]zip|[.]tar)?/*$"


def product_of(scene: str) -> str:
    """Return an expression of the product whose scene is the value of an input of a model."""
    # char(92) is the backslash of Windows, which would have to be written four times otherwise.
    path = f"replace(@{scene}, char(92), '/')"
    return f"coalesce(nullif(regexp_substr({path}, '{_LANDSAT}'), ''), regexp_substr({path}, '{_NAMED}'))"


HELP_CHANGE = {
    "ALG_DESC": (
        "Clusters two scenes of one place together, of Landsat, Sentinel-2, HLS or another sensor, and compares them. "
        "It gives the classified rasters of both dates, in the same classes; a raster of changes; the from-to "
        "matrix; and a report. The scenes must have one CRS and pixel size: take both from the same path and row, or "
        "of the same tile."
    ),
    "before": "Folder of the earlier scene, named as its product (LC08_L2SP_218074_20190114_20200829_02_T1 or "
    "S2B_MSIL2A_20220703T100029_N0400_R122_T33TVN_20220703T121527.SAFE).",
    "after": "Folder of the later scene, named likewise.",
    "k": "How many classes both scenes together are divided into.",
    "masked": "Leaves out dilated cloud, cirrus, cloud and cloud shadow. No for scenes without a quality layer.",
    "cluster:Classes": "Folder of the classified rasters, the signatures, the statistics and their report.",
    "compare:Changes": "Raster of changes: 1 is unchanged, 3005 is class 3 to class 5.",
    "compare:Matrix": "From-to matrix as CSV.",
    "compare:Change report": "From-to matrix, gains and losses as HTML.",
}
HELP_COVER = {
    "ALG_DESC": (
        "From a series of scenes to named land covers and what became of each pixel: the scenes are clustered "
        "together, the classes merged into covers, small patches sieved, and the covers followed over all dates. "
        "Without a table run it once, give classes that belong together one name (Class names … in the menu of a layer "
        "of the classes), and run it again with the same folders: the classes stay, and those of one name merge."
    ),
    "scenes": "Folder with the scenes of one place and of two dates or more, anywhere below it.",
    "k": "How many classes the scenes are divided into before they are merged; two to four times as many as covers.",
    "masked": "Leaves out dilated cloud, cirrus, cloud and cloud shadow. No for scenes without a quality layer.",
    "legend": (
        "A CSV with the columns class, to, name and colour, which says what each class becomes. Without it, classes of "
        "the same name become one."
    ),
    "min_pixels": "Patches of fewer pixels become part of their largest neighbour; 0 leaves all.",
    "cluster:Classes": "Folder of the spectral classes, with their signatures and report.",
    "merge:Land cover": "Folder of the named covers of each date, with areas and report.",
    "follow:Series": "Folder of what became of each pixel: majority, changes and when, with areas over time.",
}


def source(kind: str, *values: object) -> list[QgsProcessingModelChildParameterSource]:
    """Return where a step takes a value from."""
    return [getattr(QgsProcessingModelChildParameterSource, f"from{kind}")(*values)]


def add_input(model: QgsProcessingModelAlgorithm, parameter, row: int) -> None:
    """Add an input of the model."""
    component = QgsProcessingModelParameter(parameter.name())
    component.setPosition(QPointF(130 + 215 * row, 60))
    model.addModelParameter(parameter, component)


def add_step(
    model: QgsProcessingModelAlgorithm,
    algorithm: str,
    name: str,
    place: tuple[int, int],
    sources: dict[str, list[QgsProcessingModelChildParameterSource]],
    outputs: dict[str, str],
) -> None:
    """Add an algorithm as a step; `outputs` are the model's: caption -> output of the step.

    What is not in `sources` gets the algorithm's own default.
    """
    child = QgsProcessingModelChildAlgorithm(algorithm)
    child.setChildId(name)
    child.setDescription(child.algorithm().displayName())
    child.setPosition(QPointF(*place))
    for parameter in child.algorithm().parameterDefinitions():
        if not parameter.isDestination():  # QGIS takes a mandatory one without a value for a fault
            default = source("StaticValue", parameter.defaultValue())
            child.addParameterSources(parameter.name(), sources.get(parameter.name(), default))
    ends = {}
    for row, (caption, output_name) in enumerate(outputs.items()):
        output = QgsProcessingModelOutput(caption)
        output.setChildId(name)
        output.setChildOutputName(output_name)
        output.setPosition(QPointF(place[0] + 260, place[1] - 60 + 60 * row))
        ends[caption] = output
    child.setModelOutputs(ends)
    model.addChildAlgorithm(child)


def build_change() -> QgsProcessingModelAlgorithm:
    """Return a model: two scenes are clustered together, and their classes compared."""
    model = QgsProcessingModelAlgorithm("Two dates to change map", "IIkMC")
    cluster = QgsApplication.processingRegistry().algorithmById("iikmc:cluster")
    mask = cluster.parameterDefinition("MASK").defaultValue()
    folder = QgsProcessingParameterFile.Behavior.Folder
    add_input(model, QgsProcessingParameterFile("before", "Scene before", folder), 0)
    add_input(model, QgsProcessingParameterFile("after", "Scene after", folder), 1)
    k = cluster.parameterDefinition("K")
    number = QgsProcessingParameterNumber.Type.Integer
    add_input(
        model,
        QgsProcessingParameterNumber("k", k.description(), number, k.defaultValue(), False, k.minimum(), k.maximum()),
        2,
    )
    add_input(model, QgsProcessingParameterBoolean("masked", "Leave out clouds and shadows", True), 3)
    add_step(
        model,
        "iikmc:cluster",
        "cluster",
        (330, 190),
        {
            "SCENES": source("ModelParameter", "before") + source("ModelParameter", "after"),
            "K": source("ModelParameter", "k"),
            # 2-98 %: with two scenes alone, a few clouds would take several classes of the default start.
            "INIT": source("StaticValue", 1),
            # A yes or no instead of the list of flags, because a terminal cannot hand a model an empty list.
            "MASK": source("Expression", f"if(@masked, array({', '.join(map(str, mask))}), array())"),
        },
        {"Classes": "OUTPUT"},
    )
    rasters = {}
    for row, (date, name) in enumerate((("before", "BEFORE"), ("after", "AFTER"))):
        add_step(
            model,
            "native:stringconcatenation",
            f"{date}_raster",
            (200 + 330 * row, 320),
            {
                "INPUT_1": source("ChildOutput", "cluster", "OUTPUT"),
                "INPUT_2": source("Expression", f"'/' || {product_of(date)} || '_classes.tif'"),
            },
            {},
        )
        rasters[name] = source("ChildOutput", f"{date}_raster", "CONCATENATION")
    ends = {"Changes": "CHANGES", "Matrix": "MATRIX", "Change report": "REPORT"}
    add_step(model, "iikmc:transitions", "compare", (330, 450), rasters, ends)
    model.setHelpContent(HELP_CHANGE)
    model.updateDestinationParameters()
    return model


def build_cover() -> QgsProcessingModelAlgorithm:
    """Return a model: a series is clustered, its classes merged into covers, and these followed over the dates."""
    model = QgsProcessingModelAlgorithm("Series to land cover", "IIkMC")
    registry = QgsApplication.processingRegistry()
    cluster, merge = (registry.algorithmById(f"iikmc:{name}") for name in ("cluster", "merge"))
    mask = cluster.parameterDefinition("MASK").defaultValue()
    kinds = QgsProcessingParameterFile.Behavior
    add_input(model, QgsProcessingParameterFile("scenes", "Folder of scenes", kinds.Folder), 0)
    number = QgsProcessingParameterNumber.Type.Integer
    k = cluster.parameterDefinition("K")
    add_input(model, QgsProcessingParameterNumber("k", k.description(), number, 16, False, k.minimum(), k.maximum()), 1)
    add_input(model, QgsProcessingParameterBoolean("masked", "Leave out clouds and shadows", True), 2)
    table = merge.parameterDefinition("LEGEND")
    add_input(model, QgsProcessingParameterFile("legend", table.description(), kinds.File, "csv", None, True), 3)
    least = merge.parameterDefinition("MIN_PIXELS")
    # 9 pixels of 30 m are 0.8 ha, a usual least unit of maps from Landsat.
    add_input(model, QgsProcessingParameterNumber("min_pixels", least.description(), number, 9, False, 0), 4)
    classes = {
        "SCENES": source("ModelParameter", "scenes"),
        "K": source("ModelParameter", "k"),
        "INIT": source("StaticValue", 1),
        "MASK": source("Expression", f"if(@masked, array({', '.join(map(str, mask))}), array())"),
    }
    add_step(model, "iikmc:cluster", "cluster", (330, 190), classes, {"Classes": "OUTPUT"})
    covers = {
        "RESULTS": source("ChildOutput", "cluster", "OUTPUT"),
        "LEGEND": source("ModelParameter", "legend"),
        "MIN_PIXELS": source("ModelParameter", "min_pixels"),
    }
    add_step(model, "iikmc:merge", "merge", (330, 320), covers, {"Land cover": "OUTPUT"})
    rasters = {"RASTERS": source("ChildOutput", "merge", "CLASSIFICATIONS")}
    add_step(model, "iikmc:series", "follow", (330, 450), rasters, {"Series": "OUTPUT"})
    model.setHelpContent(HELP_COVER)
    model.updateDestinationParameters()
    return model


MODELS = {"two_dates_to_change_map.model3": build_change, "series_to_land_cover.model3": build_cover}
"""File name -> what builds the model."""


def write(folder: Path) -> None:
    """Build the models and write them.

    Raises
    ------
    SystemExit
        QGIS finds fault with a model, or a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, build in MODELS.items():
        model = build()
        good, problems = model.validate()
        if not good:
            sys.exit(f"build_model: QGIS refuses {name}: {'; '.join(problems)}")
        if not model.toFile(str(folder / name)):
            sys.exit(f"build_model: {folder / name} cannot be written.")


def load_plugin() -> None:
    """Put the checkout's provider into the registry, whatever the checkout's folder is called."""
    from processing.core.Processing import Processing

    Processing.initialize()
    spec = importlib.util.spec_from_file_location("iikmc", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    sys.modules["iikmc"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    load_plugin.kept = module.classFactory(None)
    load_plugin.kept.initProcessing()


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    load_plugin()
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
    os._exit(0)  # leaving QGIS in good order may crash with a Python provider in its registry
