"""What QGIS sees of the plugin: metadata, provider, identifiers, parameters, outputs and help."""

from __future__ import annotations

import configparser
import importlib
import re
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

from qgis.core import QgsApplication, QgsProcessing, QgsProcessingParameterDefinition
from qgis.gui import QgsProcessingToolboxTreeView

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[3]
FLAGS = ["Dilated cloud", "Cirrus", "Cloud", "Cloud shadow", "Snow or ice", "Water"]
BANDS = [
    "blue", "green", "red", "nir", "swir1", "swir2",
    "coastal", "yellow", "green1", "rededge1", "rededge2", "rededge3", "nir_broad",
]  # fmt: skip
ADVANCED, PLAIN = True, False
POLYGON = QgsProcessing.SourceType.TypeVectorPolygon
POINT = QgsProcessing.SourceType.TypeVectorPoint
RASTER = QgsProcessing.SourceType.TypeRaster

# Models and scripts of users hold these names, numbers and defaults: a row may be added, never changed.
# name: (type, default, advanced, optional, what else counts)
CLUSTER_PARAMETERS = {
    "SCENES": ("multilayer", None, PLAIN, False, {"minimumNumberInputs": 1}),
    "K": ("number", 8, PLAIN, False, {"minimum": 2, "maximum": 254, "dataType": 0}),
    "MASK": ("enum", [0, 1, 2, 3], PLAIN, True, {"allowMultiple": True, "options": FLAGS}),
    "MASK_SATURATED": ("boolean", True, ADVANCED, False, {}),
    "BANDS": ("enum", None, ADVANCED, True, {"allowMultiple": True, "options": BANDS}),
    "MODE": ("enum", 0, PLAIN, False, {"allowMultiple": False}),
    "INIT": ("enum", 0, PLAIN, False, {"allowMultiple": False}),
    "SIGNATURES": ("file", None, PLAIN, True, {"extension": "json"}),
    "MAX_ITERATIONS": ("number", 100, ADVANCED, False, {"minimum": 1, "dataType": 0}),
    "TOLERANCE": ("number", 1.0, ADVANCED, False, {"minimum": 0, "maximum": 100, "dataType": 1}),
    "SEED": ("number", 42, ADVANCED, False, {"dataType": 0}),
    "AOI": ("source", None, PLAIN, True, {"dataTypes": [POLYGON]}),
    "DEVICE": ("enum", 0, ADVANCED, False, {"allowMultiple": False, "options": ["Automatic", "CPU", "GPU (NVIDIA)"]}),
    "WORKERS": ("number", 0, ADVANCED, False, {"minimum": 0, "dataType": 0}),
    "MEMORY": ("number", 0, ADVANCED, False, {"minimum": 0, "dataType": 0}),
    "COMPARE": ("boolean", False, ADVANCED, False, {}),
    "LOAD_RESULTS": ("boolean", True, PLAIN, False, {}),
    "OUTPUT": ("folderDestination", None, PLAIN, False, {}),
    "MARGIN": ("boolean", False, ADVANCED, False, {}),
    "REJECT": ("number", None, ADVANCED, True, {"minimum": 0, "maximum": 10, "dataType": 1}),
    "SHEET": ("file", None, ADVANCED, True, {"extension": "json"}),
    "SCHEDULER": ("string", None, ADVANCED, True, {"multiLine": False}),
}
# The start of each caption, by its number.
INIT_CAPTIONS = ["Minimum-maximum", "2-98 %", "k-means++", "Signatures file", "Coarse-to-fine"]
CLUSTER_OUTPUTS = {
    "CLASSIFICATIONS": "outputMultilayer",
    "SIGNATURES_FILE": "outputFile",
    "STATISTICS": "outputFile",
    "REPORT": "outputHtml",
    "SCENE_COUNT": "outputNumber",
    "PIXEL_COUNT": "outputNumber",
    "ITERATIONS": "outputNumber",
    "CONVERGED": "outputBoolean",
    "EMPTY_CLASSES": "outputNumber",
    "MARGINS": "outputMultilayer",
    "UNCLASSIFIED_COUNT": "outputNumber",
    "OUTPUT": "outputFolder",
}
CLASSIFY_PARAMETERS = {
    "SCENES": ("multilayer", None, PLAIN, False, {"minimumNumberInputs": 1}),
    "SIGNATURES": ("file", None, PLAIN, False, {"extension": "json"}),
    "MASK": ("enum", [0, 1, 2, 3], PLAIN, True, {"allowMultiple": True, "options": FLAGS}),
    "MASK_SATURATED": ("boolean", True, ADVANCED, False, {}),
    "AOI": ("source", None, PLAIN, True, {"dataTypes": [POLYGON]}),
    "WORKERS": ("number", 0, ADVANCED, False, {"minimum": 0, "dataType": 0}),
    "LOAD_RESULTS": ("boolean", True, PLAIN, False, {}),
    "OUTPUT": ("folderDestination", None, PLAIN, False, {}),
    "MARGIN": ("boolean", False, ADVANCED, False, {}),
    "REJECT": ("number", None, ADVANCED, True, {"minimum": 0, "maximum": 10, "dataType": 1}),
    "SHEET": ("file", None, ADVANCED, True, {"extension": "json"}),
    "SCHEDULER": ("string", None, ADVANCED, True, {"multiLine": False}),
}
CLASSIFY_OUTPUTS = {name: kind for name, kind in CLUSTER_OUTPUTS.items() if name not in ("ITERATIONS", "CONVERGED")}
MERGE_PARAMETERS = {
    "RESULTS": ("file", None, PLAIN, False, {"behavior": 1}),
    "LEGEND": ("file", None, PLAIN, True, {"extension": "csv"}),
    "MIN_PIXELS": ("number", 0, PLAIN, False, {"minimum": 0, "dataType": 0}),
    "CONNECTIVITY": ("enum", 0, PLAIN, False, {"allowMultiple": False}),
    "LOAD_RESULTS": ("boolean", True, PLAIN, False, {}),
    "OUTPUT": ("folderDestination", None, PLAIN, False, {}),
}
# The start of each caption, by its number.
CONNECTIVITY_CAPTIONS = ["4 neighbours", "8 neighbours"]
NAMES_PARAMETERS = {
    "RESULTS": ("file", None, PLAIN, False, {"behavior": 1}),
    "LEGEND": ("file", None, PLAIN, True, {"extension": "csv"}),
}
NAMES_OUTPUTS = {
    "OUTPUT": "outputFolder",
    "CLASSIFICATIONS": "outputMultilayer",
    "SIGNATURES_FILE": "outputFile",
    "STATISTICS": "outputFile",
    "REPORT": "outputHtml",
    "CHANGED_CLASSES": "outputNumber",
}
AUDIT_PARAMETERS = {
    "SCENES": ("multilayer", None, PLAIN, False, {"minimumNumberInputs": 1}),
    "MASK": ("enum", [0, 1, 2, 3], PLAIN, True, {"allowMultiple": True, "options": FLAGS}),
    "MASK_SATURATED": ("boolean", True, ADVANCED, False, {}),
    "BANDS": ("enum", None, ADVANCED, True, {"allowMultiple": True, "options": BANDS}),
    "AOI": ("source", None, PLAIN, True, {"dataTypes": [POLYGON]}),
    "WORKERS": ("number", 0, ADVANCED, False, {"minimum": 0, "dataType": 0}),
    "OUTPUT": ("folderDestination", None, PLAIN, False, {}),
    "SHEET": ("file", None, ADVANCED, True, {"extension": "json"}),
    "SCHEDULER": ("string", None, ADVANCED, True, {"multiLine": False}),
}
AUDIT_OUTPUTS = {
    "TABLE": "outputFile",
    "REPORT": "outputHtml",
    "SCENE_COUNT": "outputNumber",
    "PIXEL_COUNT": "outputNumber",
    "VALID_PERCENT": "outputNumber",
    "OUTPUT": "outputFolder",
}
SUGGESTK_PARAMETERS = {
    "SCENES": ("multilayer", None, PLAIN, False, {"minimumNumberInputs": 1}),
    "K_MIN": ("number", 2, PLAIN, False, {"minimum": 2, "maximum": 254, "dataType": 0}),
    "K_MAX": ("number", 16, PLAIN, False, {"minimum": 2, "maximum": 254, "dataType": 0}),
    "MASK": ("enum", [0, 1, 2, 3], PLAIN, True, {"allowMultiple": True, "options": FLAGS}),
    "MASK_SATURATED": ("boolean", True, ADVANCED, False, {}),
    "BANDS": ("enum", None, ADVANCED, True, {"allowMultiple": True, "options": BANDS}),
    "SAMPLE": ("number", 20000, ADVANCED, False, {"minimum": 100, "maximum": 50000, "dataType": 0}),
    "SEED": ("number", 42, ADVANCED, False, {"dataType": 0}),
    "WORKERS": ("number", 0, ADVANCED, False, {"minimum": 0, "dataType": 0}),
    "TABLE": ("fileDestination", None, PLAIN, True, {}),
    "REPORT": ("fileDestination", None, PLAIN, True, {}),
    "SHEET": ("file", None, ADVANCED, True, {"extension": "json"}),
}
SUGGESTK_OUTPUTS = {
    "TABLE": "outputFile",
    "REPORT": "outputHtml",
    "RECOMMENDED_K": "outputNumber",
    "SAMPLE_PIXELS": "outputNumber",
}
TRANSITIONS_PARAMETERS = {
    "BEFORE": ("raster", None, PLAIN, False, {}),
    "AFTER": ("raster", None, PLAIN, False, {}),
    "WORKERS": ("number", 0, ADVANCED, False, {"minimum": 0, "dataType": 0}),
    "CHANGES": ("rasterDestination", None, PLAIN, True, {}),
    "MATRIX": ("fileDestination", None, PLAIN, True, {}),
    "REPORT": ("fileDestination", None, PLAIN, True, {}),
}
TRANSITIONS_OUTPUTS = {
    "CHANGES": "outputRaster",
    "MATRIX": "outputFile",
    "REPORT": "outputHtml",
    "COMMON_PIXELS": "outputNumber",
    "CHANGED_PIXELS": "outputNumber",
    "CHANGED_PERCENT": "outputNumber",
}
SERIES_PARAMETERS = {
    "RASTERS": ("multilayer", None, PLAIN, False, {"minimumNumberInputs": 1, "layerType": RASTER}),
    "GRID": ("raster", None, PLAIN, True, {}),
    "LOAD_RESULTS": ("boolean", True, PLAIN, False, {}),
    "OUTPUT": ("folderDestination", None, PLAIN, False, {}),
}
SERIES_OUTPUTS = {
    "MAJORITY": "outputRaster",
    "CHANGES": "outputRaster",
    "LAST_CHANGE": "outputRaster",
    "FIRST_CHANGE": "outputRaster",
    "VARIETY": "outputRaster",
    "OBSERVATIONS": "outputRaster",
    "TABLE": "outputFile",
    "REPORT": "outputHtml",
    "DATE_COUNT": "outputNumber",
    "OBSERVED_PIXELS": "outputNumber",
    "CHANGED_PIXELS": "outputNumber",
    "CHANGED_PERCENT": "outputNumber",
    "OUTPUT": "outputFolder",
}
SAMPLEPOINTS_PARAMETERS = {
    "RASTERS": ("multilayer", None, PLAIN, False, {"minimumNumberInputs": 1, "layerType": RASTER}),
    "N": ("number", 600, PLAIN, False, {"minimum": 1, "maximum": 1_000_000, "dataType": 0}),
    "ALLOCATION": ("enum", 2, PLAIN, False, {"allowMultiple": False}),
    "MIN_PER_CLASS": ("number", 50, PLAIN, False, {"minimum": 0, "dataType": 0}),
    "SEED": ("number", 42, PLAIN, False, {"dataType": 0}),
    "OUTPUT": ("sink", None, PLAIN, False, {"dataType": POINT}),
}
# The start of each caption, by its number.
ALLOCATION_CAPTIONS = ["The same number", "In proportion to", "In proportion, but a least"]
SAMPLEPOINTS_OUTPUTS = {"OUTPUT": "outputVector", "POINT_COUNT": "outputNumber"}
ACCURACY_PARAMETERS = {
    "RASTERS": ("multilayer", None, PLAIN, False, {"minimumNumberInputs": 1, "layerType": RASTER}),
    "POINTS": ("source", None, PLAIN, False, {"dataTypes": [POINT]}),
    "CLASS_FIELD": ("field", "ref_class", PLAIN, False, {"parentLayerParameterName": "POINTS", "allowMultiple": False}),
    "DATE_FIELD": ("field", None, PLAIN, True, {"parentLayerParameterName": "POINTS", "allowMultiple": False}),
    "MAX_DAYS": ("number", 0, PLAIN, False, {"minimum": 0, "dataType": 0}),
    "MATRIX": ("fileDestination", None, PLAIN, True, {}),
    "REPORT": ("fileDestination", None, PLAIN, True, {}),
}
ACCURACY_OUTPUTS = {
    "MATRIX": "outputFile",
    "REPORT": "outputHtml",
    "POINT_COUNT": "outputNumber",
    "LEFT_OUT": "outputNumber",
    "OVERALL_ACCURACY": "outputNumber",
    "OVERALL_INTERVAL": "outputNumber",
}
BENCHMARK_PARAMETERS = {
    "SCENES": ("multilayer", None, PLAIN, False, {"minimumNumberInputs": 1}),
    "K": ("number", 8, PLAIN, False, {"minimum": 2, "maximum": 254, "dataType": 0}),
    "MASK": ("enum", [0, 1, 2, 3], PLAIN, True, {"allowMultiple": True, "options": FLAGS}),
    "MASK_SATURATED": ("boolean", True, ADVANCED, False, {}),
    "BANDS": ("enum", None, ADVANCED, True, {"allowMultiple": True, "options": BANDS}),
    "MAX_ITERATIONS": ("number", 5, ADVANCED, False, {"minimum": 1, "dataType": 0}),
    "REPEATS": ("number", 3, ADVANCED, False, {"minimum": 1, "maximum": 100, "dataType": 0}),
    "PIXELS": ("number", 60_000_000, ADVANCED, False, {"minimum": 0, "dataType": 0}),
    "AOI": ("source", None, PLAIN, True, {"dataTypes": [POLYGON]}),
    "WORKERS": ("number", 0, ADVANCED, False, {"minimum": 0, "dataType": 0}),
    "OUTPUT": ("folderDestination", None, PLAIN, False, {}),
    "SHEET": ("file", None, ADVANCED, True, {"extension": "json"}),
}
BENCHMARK_OUTPUTS = {
    "TABLE": "outputFile",
    "REPORT": "outputHtml",
    "BEST": "outputString",
    "SPEED_UP": "outputNumber",
    "WHOLE_SPEED_UP": "outputNumber",
    "PIXELS_PER_SECOND": "outputNumber",
    "EQUAL": "outputBoolean",
    "SCENE_COUNT": "outputNumber",
    "PIXEL_COUNT": "outputNumber",
    "ITERATIONS": "outputNumber",
    "OUTPUT": "outputFolder",
}
ALGORITHMS = {
    "accuracy": ("analysis", ACCURACY_PARAMETERS, ACCURACY_OUTPUTS),
    "series": ("analysis", SERIES_PARAMETERS, SERIES_OUTPUTS),
    "samplepoints": ("analysis", SAMPLEPOINTS_PARAMETERS, SAMPLEPOINTS_OUTPUTS),
    "benchmark": ("analysis", BENCHMARK_PARAMETERS, BENCHMARK_OUTPUTS),
    "audit": ("preparation", AUDIT_PARAMETERS, AUDIT_OUTPUTS),
    "cluster": ("", CLUSTER_PARAMETERS, CLUSTER_OUTPUTS),
    "classify": ("classification", CLASSIFY_PARAMETERS, CLASSIFY_OUTPUTS),
    "suggestk": ("preparation", SUGGESTK_PARAMETERS, SUGGESTK_OUTPUTS),
    "merge": ("classification", MERGE_PARAMETERS, CLASSIFY_OUTPUTS),
    "names": ("classification", NAMES_PARAMETERS, NAMES_OUTPUTS),
    "transitions": ("analysis", TRANSITIONS_PARAMETERS, TRANSITIONS_OUTPUTS),
}

# What plugins.qgis.org refuses a plugin without.
REQUIRED_METADATA = (
    "name", "description", "version", "qgisMinimumVersion", "author", "email", "about", "tracker", "repository",
)  # fmt: skip


@pytest.fixture(scope="module")
def metadata():
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "metadata.txt", encoding="utf-8")
    return parser["general"]


@pytest.fixture
def provider(plugin):
    return QgsApplication.processingRegistry().providerById("iikmc")


@pytest.fixture(params=sorted(ALGORITHMS))
def algorithm(request, provider):
    return provider.algorithm(request.param).create()


def test_metadata_has_what_the_plugin_site_asks_for(metadata):
    for key in REQUIRED_METADATA:
        assert metadata.get(key, "").strip(), key
    assert re.fullmatch(r"\d+\.\d+\.\d+", metadata["version"])
    assert metadata["qgisMinimumVersion"] == "3.22"
    assert metadata["qgisMaximumVersion"] == "4.99"
    assert metadata["hasProcessingProvider"] == "yes"
    assert metadata["category"] == "Raster"
    for key in ("description", "about"):
        assert not re.search(r"<[a-z/]", metadata[key], re.IGNORECASE), f"{key} holds HTML"
    assert "/" not in metadata["author"]
    for package in ("numpy", "rasterio"):
        assert package in metadata["about"]


def test_the_provider_appears_once_and_goes_away(plugin):
    registry = QgsApplication.processingRegistry()
    before = [provider.id() for provider in registry.providers()].count("iikmc")
    plugin.initProcessing()  # QGIS may call it again, by way of initGui
    plugin.initGui()
    assert [provider.id() for provider in registry.providers()].count("iikmc") == before == 1
    try:
        plugin.unload()
        assert registry.providerById("iikmc") is None
        assert registry.algorithmById("iikmc:cluster") is None
        plugin.unload()
    finally:
        plugin.initProcessing()
    assert registry.algorithmById("iikmc:cluster") is not None


def test_loading_the_plugin_touches_no_window():
    plugin = importlib.import_module("iikmc").classFactory(None)
    plugin.unload()


def test_the_provider_introduces_itself(provider, metadata):
    version = metadata["version"]
    assert provider.id() == "iikmc"
    assert provider.name() == "IIkMC"
    assert provider.longName() == f"IIkMC – inter-image k-means ({version})"
    assert re.fullmatch(rf"{re.escape(version)} \(numpy \d\S*, rasterio \d\S*\)", provider.versionInfo())
    assert provider.warningMessage() == ""
    assert not provider.supportsNonFileBasedOutput()
    assert Path(provider.svgIconPath()).is_file()
    assert not provider.icon().pixmap(32, 32).isNull()


def test_the_provider_lists_exactly_its_algorithms(provider):
    assert {algorithm.name() for algorithm in provider.algorithms()} == set(ALGORITHMS)


def test_identifiers_are_frozen(algorithm):
    group, _, _ = ALGORITHMS[algorithm.name()]
    assert algorithm.id() == f"iikmc:{algorithm.name()}"
    assert algorithm.groupId() == group
    for text in (algorithm.displayName(), algorithm.shortDescription()):
        assert text.strip()
    assert "landsat" in algorithm.tags()
    assert Path(algorithm.svgIconPath()).is_file()
    assert not algorithm.icon().pixmap(32, 32).isNull()
    assert algorithm.canExecute() == (True, "")


def test_the_toolbox_has_the_order_of_the_work(provider):
    """A search for the plugin selects the clustering, and the groups follow each other as an analyst goes on."""
    view = QgsProcessingToolboxTreeView(None, QgsApplication.processingRegistry())
    view.setFilterString("iikmc")
    model = view.model()
    (own,) = (index for index in (model.index(row, 0) for row in range(model.rowCount())) if index.data() == "IIkMC")
    shown = [model.index(row, 0, own).data() for row in range(model.rowCount(own))]
    assert shown == [provider.algorithm("cluster").displayName(), "1. Preparation", "2. Classification", "3. Analysis"]
    assert view.selectedAlgorithm().id() == "iikmc:cluster"


def test_parameters_are_frozen(algorithm):
    _, expected, _ = ALGORITHMS[algorithm.name()]
    definitions = algorithm.parameterDefinitions()
    assert [parameter.name() for parameter in definitions] == list(expected)
    flag = QgsProcessingParameterDefinition.Flag
    for parameter in definitions:
        kind, default, advanced, optional, details = expected[parameter.name()]
        found = (
            parameter.type(),
            parameter.defaultValue(),
            bool(parameter.flags() & flag.FlagAdvanced),
            bool(parameter.flags() & flag.FlagOptional),
            {key: getattr(parameter, key)() for key in details},
        )
        assert found == (kind, default, advanced, optional, details), parameter.name()
        assert type(found[1]) is type(default), parameter.name()


def test_the_numbers_of_init_are_frozen(cluster):
    captions = cluster.parameterDefinition("INIT").options()
    assert len(captions) == len(INIT_CAPTIONS)
    for caption, start in zip(captions, INIT_CAPTIONS):
        assert caption.startswith(start)


def test_the_numbers_of_mode_are_frozen(cluster):
    captions = cluster.parameterDefinition("MODE").options()
    assert [caption.split(" (")[0] for caption in captions] == ["All scenes together", "Each scene on its own"]


def test_the_numbers_of_connectivity_are_frozen(provider):
    captions = provider.algorithm("merge").parameterDefinition("CONNECTIVITY").options()
    assert [caption.split(" (")[0] for caption in captions] == CONNECTIVITY_CAPTIONS


def test_the_numbers_of_allocation_are_frozen(provider):
    captions = provider.algorithm("samplepoints").parameterDefinition("ALLOCATION").options()
    assert len(captions) == len(ALLOCATION_CAPTIONS)
    for caption, start in zip(captions, ALLOCATION_CAPTIONS):
        assert caption.startswith(start)


def test_outputs_are_frozen(algorithm):
    _, _, expected = ALGORITHMS[algorithm.name()]
    assert {output.name(): output.type() for output in algorithm.outputDefinitions()} == expected
    assert all(output.description().strip() for output in algorithm.outputDefinitions())


def test_every_parameter_is_labelled_and_explained(algorithm):
    for parameter in algorithm.parameterDefinitions():
        assert parameter.description().strip(), parameter.name()
        assert len(parameter.help()) > 20, parameter.name()
        assert parameter.help().endswith("."), parameter.name()


def test_help_is_plain_text(algorithm):
    """The terminal shows tags as they stand, and the dialog takes anything between angle brackets for a tag."""
    texts = [algorithm.shortHelpString(), algorithm.shortDescription()]
    texts += [parameter.help() for parameter in algorithm.parameterDefinitions()]
    for text in texts:
        assert not re.search(r"[<>]|&\w+;", text), text
    lines = algorithm.shortHelpString().splitlines()
    assert len(lines) >= 3
    assert all(line.strip() for line in lines)  # QGIS makes a paragraph of each
