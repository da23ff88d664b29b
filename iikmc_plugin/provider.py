"""The Processing provider `iikmc`."""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ..algorithms.accuracy import AccuracyAlgorithm
from ..algorithms.audit import AuditAlgorithm
from ..algorithms.benchmark import BenchmarkAlgorithm
from ..algorithms.classify import ClassifyAlgorithm
from ..algorithms.cluster import ClusterAlgorithm
from ..algorithms.merge import MergeAlgorithm
from ..algorithms.names import NamesAlgorithm
from ..algorithms.samplepoints import SamplePointsAlgorithm
from ..algorithms.series import SeriesAlgorithm
from ..algorithms.shared import packages
from ..algorithms.shared.base import ICON
from ..algorithms.suggestk import SuggestKAlgorithm
from ..algorithms.transitions import TransitionsAlgorithm
from ..engine.version import version

ALGORITHMS = (
    ClusterAlgorithm,
    ClassifyAlgorithm,
    NamesAlgorithm,
    MergeAlgorithm,
    AuditAlgorithm,
    SuggestKAlgorithm,
    TransitionsAlgorithm,
    SeriesAlgorithm,
    SamplePointsAlgorithm,
    AccuracyAlgorithm,
    BenchmarkAlgorithm,
)


class IIkMCProvider(QgsProcessingProvider):
    """Lists the algorithms."""

    def id(self) -> str:
        return "iikmc"

    def name(self) -> str:
        return "IIkMC"

    def longName(self) -> str:
        return f"IIkMC – inter-image k-means ({version()})"

    def versionInfo(self) -> str:
        found = ", ".join(f"{name} {packages.version_of(name)}" for name in packages.REQUIRED)
        return f"{version()} ({found})"

    def helpId(self) -> str:
        return "iikmc"

    def icon(self) -> QIcon:
        return QIcon(str(ICON))

    def svgIconPath(self) -> str:
        return str(ICON)

    def warningMessage(self) -> str:
        return packages.problem()

    def supportsNonFileBasedOutput(self) -> bool:
        return False

    def supportedOutputRasterLayerExtensions(self) -> list[str]:
        return ["tif", "tiff"]

    def loadAlgorithms(self) -> None:
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())
