"""The parameters that the algorithms share: one name, one caption, one help text, one way to read each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from qgis.core import (
    NULL,
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ...engine import choices
from ...engine.sensors.flags import DEFAULT_FLAGS, FLAGS
from ...engine.sensors.roles import ROLES
from . import captions
from .i18n import tr
from .sources import FeatureSource, Files

SCENES = "SCENES"
K = "K"
MASK = "MASK"
MASK_SATURATED = "MASK_SATURATED"
BANDS = "BANDS"
MODE = "MODE"
INIT = "INIT"
SIGNATURES = "SIGNATURES"
SHEET = "SHEET"
MAX_ITERATIONS = "MAX_ITERATIONS"
TOLERANCE = "TOLERANCE"
SEED = "SEED"
AOI = "AOI"
DEVICE = "DEVICE"
WORKERS = "WORKERS"
MEMORY = "MEMORY"
SCHEDULER = "SCHEDULER"
COMPARE = "COMPARE"
MARGIN = "MARGIN"
REJECT = "REJECT"
LOAD_RESULTS = "LOAD_RESULTS"
OUTPUT = "OUTPUT"

# The list of scenes, named by a string, so that qgis_process never imports a widget.
_SCENES_CLASS = {"class": f"{__name__.rsplit('.', 2)[0]}.scenes_widget.factory.ScenesWidgetWrapper"}
_scenes_widget: dict[str, str] = dict(_SCENES_CLASS)

_INTEGER = QgsProcessingParameterNumber.Type.Integer
_DOUBLE = QgsProcessingParameterNumber.Type.Double


def advanced(parameter: QgsProcessingParameterDefinition) -> QgsProcessingParameterDefinition:
    """Return the parameter, folded away under "Advanced parameters"."""
    parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
    return parameter


def _with_help(parameter: QgsProcessingParameterDefinition, text: str) -> QgsProcessingParameterDefinition:
    parameter.setHelp(text)
    return parameter


def ask_for_scenes_by(way: Mapping[str, str] = _SCENES_CLASS) -> None:
    """Let SCENES, in dialogs from now on, ask for its list in another way, or as usual by the class."""
    _scenes_widget.clear()
    _scenes_widget.update(way)


def scenes() -> QgsProcessingParameterDefinition:
    """SCENES: folders and files, in a list widget of our own."""
    parameter = Files(SCENES, tr("Scenes"), QgsProcessing.SourceType.TypeFile)
    parameter.setMinimumNumberInputs(1)
    parameter.setMetadata({"widget_wrapper": dict(_scenes_widget)})
    return _with_help(
        parameter,
        tr(
            "Scenes of surface reflectance, of one sensor or of several: Landsat 4-9 Collection 2 Level-2 (scenes "
            "and U.S. tiles), HLS, Sentinel-2 Level-2A, PlanetScope, or GeoTIFFs of others. Give scene folders, "
            "folders of scene folders, metadata files, .tar and .zip bundles as downloaded, or STAC items (.json) of "
            "scenes on disk, https or S3, in any mix. Zones and grids may differ; nothing is resampled. A scene given "
            "twice is used once."
        ),
    )


def k() -> QgsProcessingParameterDefinition:
    """K: number of classes."""
    return _with_help(
        QgsProcessingParameterNumber(
            K, tr("Number of classes (k)"), _INTEGER, choices.DEFAULT_K, False, choices.MIN_K, choices.MAX_K
        ),
        tr("How many classes all scenes together are divided into, 2 to 254."),
    )


def mask() -> QgsProcessingParameterDefinition:
    """MASK: flags of quality layers."""
    flags = list(FLAGS)
    return _with_help(
        QgsProcessingParameterEnum(
            MASK,
            tr("Mask out"),
            [captions.of_flags()[flag] for flag in flags],
            True,
            [flags.index(name) for name in DEFAULT_FLAGS],
            True,
        ),
        tr(
            "Pixels of which the scene's quality layer (QA_PIXEL, Fmask, SCL or udm2) says any of these are left out "
            "and become nodata. Fill is always left out. What a sensor does not tell is not masked. With none "
            "chosen, a scene without a quality layer is accepted."
        ),
    )


def mask_saturated() -> QgsProcessingParameterDefinition:
    """MASK_SATURATED: what tells of saturation."""
    return _with_help(
        QgsProcessingParameterBoolean(MASK_SATURATED, tr("Mask out saturated pixels"), True),
        tr(
            "Leave out pixels that are saturated in a chosen band, as Landsat's QA_RADSAT says, or saturated or "
            "defective, as Sentinel-2's SCL does; HLS and PlanetScope do not tell."
        ),
    )


def bands() -> QgsProcessingParameterDefinition:
    """BANDS: by role."""
    return _with_help(
        QgsProcessingParameterEnum(BANDS, tr("Bands"), [captions.of_roles()[role] for role in ROLES], True, None, True),
        tr(
            "Bands by role, not by number, so that scenes of several sensors mix: near infrared (nir) is band 4 of "
            "Landsat 4-7 and band 5 of Landsat 8-9. With none chosen, those of the first six that every scene has are "
            "taken. At most 10 can be chosen."
        ),
    )


def mode() -> QgsProcessingParameterDefinition:
    """MODE: common classes, or classes of each scene."""
    captions = [tr("All scenes together (inter-image k-means)"), tr("Each scene on its own (k-means, for comparison)")]
    return _with_help(
        QgsProcessingParameterEnum(MODE, tr("Mode"), captions, False, 0, False),
        tr(
            "All scenes together gives one set of classes, the same in every scene. Each scene on its own gives every "
            "scene classes and signatures of its own, as clustering them one by one would: class 3 of one scene is "
            "then not class 3 of another."
        ),
    )


def init() -> QgsProcessingParameterDefinition:
    """INIT: the start."""
    captions = [
        tr("Minimum-maximum (the method's own)"),
        tr("2-98 % (minimum-maximum without the extremes)"),
        tr("k-means++ (seeded sample)"),
        tr("Signatures file"),
        tr("Coarse-to-fine (usually the fastest)"),
    ]
    return _with_help(
        QgsProcessingParameterEnum(INIT, tr("Start"), captions, False, 0, False),
        tr(
            "Where the classes start. Minimum-maximum spreads them evenly from the darkest to the brightest value of "
            "each band; 2-98 % does the same between percentiles, which clouds and glint cannot stretch; k-means++ "
            "draws them from a sample that depends on the seed alone; a signatures file starts from the classes of an "
            "earlier run, or continues one that was stopped or ended at its maximum of iterations; coarse-to-fine "
            "clusters ever finer sub-samples first, so that few full iterations remain (other classes "
            "than with minimum-maximum, found in less time)."
        ),
    )


def signatures() -> QgsProcessingParameterDefinition:
    """SIGNATURES: a signatures.json to start from."""
    return _with_help(
        _signatures(optional=True),
        tr(
            "The signatures.json of an earlier run with the same bands and number of classes; for the start from it. "
            "The signatures_unfinished.json of a run that was cancelled, failed or was killed, or the signatures.json "
            "of one that ended at its maximum of iterations, continues that run: with the same scenes, mask and area "
            "the classes become what they would have become without the interruption. The maximum of iterations "
            "counts anew."
        ),
    )


def signatures_to_apply() -> QgsProcessingParameterDefinition:
    """SIGNATURES: a signatures.json whose classes are given."""
    return _with_help(
        _signatures(optional=False),
        tr(
            "The signatures.json of an earlier run; its bands, classes, names and colours are used. The "
            "signatures_unfinished.json of a run that was stopped can be applied too, with a warning."
        ),
    )


def _signatures(optional: bool) -> QgsProcessingParameterDefinition:
    return QgsProcessingParameterFile(
        SIGNATURES, tr("Signatures file"), QgsProcessingParameterFile.Behavior.File, "json", None, optional
    )


def max_iterations() -> QgsProcessingParameterDefinition:
    """MAX_ITERATIONS."""
    return _with_help(
        QgsProcessingParameterNumber(
            MAX_ITERATIONS, tr("Maximum number of iterations"), _INTEGER, choices.DEFAULT_MAX_ITERATIONS, False, 1
        ),
        tr("The run ends after this many iterations even if it has not converged."),
    )


def tolerance() -> QgsProcessingParameterDefinition:
    """TOLERANCE: percent of pixels."""
    parameter = QgsProcessingParameterNumber(
        TOLERANCE, tr("Tolerance (% of pixels)"), _DOUBLE, choices.DEFAULT_TOLERANCE, False, 0.0, 100.0
    )
    # QGIS shows six decimals by default. With fewer than these a dialog would cut what a script may have set to 0.
    parameter.setMetadata({"widget_wrapper": {"decimals": 3}})
    return _with_help(
        parameter,
        tr(
            "The run has converged when fewer than this share of the pixels changed class in an iteration. "
            "0 iterates until no centre moves."
        ),
    )


def seed() -> QgsProcessingParameterDefinition:
    """SEED."""
    return _with_help(
        QgsProcessingParameterNumber(SEED, tr("Seed"), _INTEGER, choices.DEFAULT_SEED, False),
        tr("Chooses the samples of the k-means++ and coarse-to-fine starts; the other starts do not use it."),
    )


def aoi() -> QgsProcessingParameterDefinition:
    """AOI: polygons."""
    return _with_help(
        FeatureSource(AOI, tr("Area of interest"), [QgsProcessing.SourceType.TypeVectorPolygon], None, True),
        tr(
            "Only pixels whose centre lies inside a polygon of this layer are used; the others become nodata. The "
            "layer may have any CRS; it is brought into that of each scene. Scenes that it does not meet are warned of."
        ),
    )


def device() -> QgsProcessingParameterDefinition:
    """DEVICE: what labels."""
    captions = [tr("Automatic"), tr("CPU"), tr("GPU (NVIDIA)")]
    return _with_help(
        QgsProcessingParameterEnum(DEVICE, tr("Device"), captions, False, 0, False),
        tr(
            "What does the clustering. Automatic takes an NVIDIA graphics card (GPU) if there is one, the Python "
            "package CuPy is installed, a short test gives the right answer and the job is large; else the processor "
            "(CPU). If GPU is chosen and cannot be used, the CPU does the work and the log says what is missing. It "
            "never changes the result."
        ),
    )


def workers() -> QgsProcessingParameterDefinition:
    """WORKERS: threads."""
    return _with_help(
        QgsProcessingParameterNumber(WORKERS, tr("Threads (0 = automatic)"), _INTEGER, 0, False, 0),
        tr("Threads for reading, clustering and writing; 0 uses every core. It never changes the result."),
    )


def memory() -> QgsProcessingParameterDefinition:
    """MEMORY: megabytes."""
    return _with_help(
        QgsProcessingParameterNumber(MEMORY, tr("Memory for the pixels in MB (0 = automatic)"), _INTEGER, 0, False, 0),
        tr(
            "Pixels beyond this go to temporary files, which makes the run slower and never changes the result; 0 "
            "takes a safe share of the memory that is free."
        ),
    )


def scheduler() -> QgsProcessingParameterDefinition:
    """SCHEDULER: address of a Dask scheduler."""
    return _with_help(
        QgsProcessingParameterString(SCHEDULER, tr("Dask scheduler (address)"), None, False, True),
        tr(
            "Address of a running Dask scheduler, such as tcp://host:8786: its workers then read, cluster and write, "
            "instead of this computer. They must see the scenes and the output folder under the same paths. Threads "
            "and memory are meant for each worker. Empty: this computer does the work. It never changes the result."
        ),
    )


def compare() -> QgsProcessingParameterDefinition:
    """COMPARE: the common classes with those of each scene."""
    return _with_help(
        QgsProcessingParameterBoolean(COMPARE, tr("Compare with each scene on its own (slower)"), False),
        tr(
            "Also clusters each scene on its own and shows in the report which classes would get lost, which would "
            "change their number, and how far they would lie from the common ones. The rasters stay the same. For "
            "scenes that are clustered together."
        ),
    )


def margin() -> QgsProcessingParameterDefinition:
    """MARGIN: rasters of how safe the classes are."""
    return _with_help(
        QgsProcessingParameterBoolean(MARGIN, tr("Write how safe each pixel's class is (margin)"), False),
        tr(
            "Each scene also gets a raster ending in _margin.tif: 255 for a pixel on the centre of its class, 1 for "
            "one midway between two centres, 0 for nodata. The report shows the mean of each class."
        ),
    )


def reject() -> QgsProcessingParameterDefinition:
    """REJECT: a distance in reflectance."""
    return _with_help(
        QgsProcessingParameterNumber(
            REJECT, tr("Leave unclassified beyond this distance (reflectance)"), _DOUBLE, None, True, 0.0, 10.0
        ),
        tr(
            "Pixels that are farther than this from the centre of every class, as a distance over all bands in "
            "reflectance such as 0.1, become 255, unclassified, in the rasters and in the statistics. The classes "
            "themselves stay the same. Empty: every valid pixel gets a class."
        ),
    )


def load_results() -> QgsProcessingParameterDefinition:
    """LOAD_RESULTS."""
    return _with_help(
        QgsProcessingParameterBoolean(LOAD_RESULTS, tr("Load the results into the project"), True),
        tr("Add one styled layer per scene to the project, in one group."),
    )


def sheet() -> QgsProcessingParameterDefinition:
    """SHEET: a sensor sheet of the user's own."""
    return _with_help(
        QgsProcessingParameterFile(
            SHEET, tr("Sensor sheet"), QgsProcessingParameterFile.Behavior.File, "json", None, True
        ),
        tr(
            "A JSON file that describes products of a sensor that is not known: how files are named, which bands they "
            "hold, scale, offset and mask. It is tried before the sheets that ship. Leave it empty for Landsat, "
            "Sentinel-2, HLS and PlanetScope."
        ),
    )


def output(text: str = "") -> QgsProcessingParameterDefinition:
    """OUTPUT: a folder; `text` says what it gets, by default what a classification writes."""
    return _with_help(
        QgsProcessingParameterFolderDestination(OUTPUT, tr("Output folder")),
        text
        or tr(
            "Gets one classified raster per scene, the signatures, the statistics and the report. Files of an earlier "
            "run of the same scenes are replaced."
        ),
    )


def chosen(names: Iterable[str], numbers: Iterable[int]) -> tuple[str, ...]:
    """Return the names at the chosen numbers, in their own order."""
    picked = set(numbers)
    return tuple(name for number, name in enumerate(names) if number in picked)


def is_emptied(values: dict[str, Any], name: str) -> bool:
    """Tell whether a choice of several was given as none at all.

    QGIS reads the empty text, which is what ``MASK=`` means to qgis_process (there it arrives as a null variant), as
    "not given" and takes the default.
    """
    value = values.get(name)
    if value is None:
        return False
    return value == NULL or (isinstance(value, str) and not value.strip()) or value in ([], ())
