#!/usr/bin/python3
"""Write the model that ships with the plugin, by QGIS's own model API: `make docs` calls it.

    /usr/bin/python3 tools/build_model.py [FILE]      (default: models/two_dates_to_change_map.model3)

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
MODEL = ROOT / "models" / "two_dates_to_change_map.model3"

# A classified raster is named after its product, whose identifier stands in the path of the scene: in that of its
# folder, its MTL file and its .tar bundle alike. The greedy beginning finds the last one in the path.
_PRODUCT = ".*(L[COTE]0[4-9]_L2S[PR]_[0-9]{6}_[0-9]{8}_[0-9]{8}_[0-9]{2}_[A-Z0-9]{2})"

HELP = {
    "ALG_DESC": (
        "Clusters two Landsat Collection 2 Level-2 scenes of one place together and compares them. It gives the "
        "classified rasters of both dates, in the same classes; a raster of changes; the from-to matrix; and a "
        "report. The scenes must have one CRS: take both from the same path and row."
    ),
    "before": "Folder of the earlier scene, named as its product (LC08_L2SP_218074_20190114_20200829_02_T1).",
    "after": "Folder of the later scene, named likewise.",
    "k": "How many classes both scenes together are divided into.",
    "masked": "Leaves out dilated cloud, cirrus, cloud and cloud shadow. No for scenes without a QA_PIXEL file.",
    "cluster:Classes": "Folder of the classified rasters, the signatures, the statistics and their report.",
    "compare:Changes": "Raster of changes: 1 is unchanged, 3005 is class 3 to class 5.",
    "compare:Matrix": "From-to matrix as CSV.",
    "compare:Change report": "From-to matrix, gains and losses as HTML.",
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


def build() -> QgsProcessingModelAlgorithm:
    """Return the model: two scenes are clustered together, and their classes compared."""
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
    add_input(model, QgsProcessingParameterBoolean("masked", "Leave out clouds and shadows (QA_PIXEL)", True), 3)
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
                "INPUT_2": source("Expression", f"'/' || regexp_substr(@{date}, '{_PRODUCT}') || '_classes.tif'"),
            },
            {},
        )
        rasters[name] = source("ChildOutput", f"{date}_raster", "CONCATENATION")
    ends = {"Changes": "CHANGES", "Matrix": "MATRIX", "Change report": "REPORT"}
    add_step(model, "iikmc:transitions", "compare", (330, 450), rasters, ends)
    model.setHelpContent(HELP)
    model.updateDestinationParameters()
    return model


def write(path: Path) -> None:
    """Build the model and write it.

    Raises
    ------
    SystemExit
        QGIS finds fault with the model, or the file cannot be written.
    """
    model = build()
    good, problems = model.validate()
    if not good:
        sys.exit(f"build_model: QGIS refuses the model: {'; '.join(problems)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not model.toFile(str(path)):
        sys.exit(f"build_model: {path} cannot be written.")


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
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else MODEL)
    os._exit(0)  # leaving QGIS in good order may crash with a Python provider in its registry
