"""Runs a list of jobs with the plugin that PYTHONPATH finds as ``iikmc``, as the toolbox of QGIS would.

    /usr/bin/python3 benchmarks/in_qgis.py JOBS.json

A file of its own that imports nothing of its own checkout. Each job is a dict with "algorithm", "values" and "folder",
which gets results.json and log.txt beside what the algorithm writes; see benchmarks/cases.py for the rest.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

# Modules beside this file are not what QGIS or the plugin mean by these names.
sys.path.remove(str(Path(__file__).resolve().parent))

from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
)
from qgis.PyQt.QtCore import QLocale


class Told(QgsProcessingFeedback):
    """Keeps what a run says, and cancels it at the first line that begins with `until`, if that is given."""

    def __init__(self, until: str) -> None:
        super().__init__(False)
        self.lines: list[str] = []
        self._until = until

    def _take(self, kind: str, text: str) -> None:
        self.lines.append(f"{kind}: {text}")
        if self._until and text.startswith(self._until):
            self.cancel()

    def setProgressText(self, text: str) -> None:  # noqa: N802, D102
        self._take("stage", text)

    def pushInfo(self, text: str) -> None:  # noqa: N802, D102
        self._take("info", text)

    def pushWarning(self, text: str) -> None:  # noqa: N802, D102
        self._take("warning", text)

    def reportError(self, text: str, fatalError: bool = False) -> None:  # noqa: N802, N803, D102
        self._take("error", text)


def run(job: dict[str, Any]) -> None:
    """Run a job and keep what it returned, what it would load into the project, and what it said."""
    folder = Path(job["folder"])
    folder.mkdir(parents=True)
    _begin_with(job, folder)
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    told = Told(job["cancel_at"])
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(job["algorithm"])
    found: dict[str, Any] = {}
    good, refusal = algorithm.checkParameterValues(job["values"], context)
    if good:
        results, good = algorithm.run(job["values"], context, told)
        layers = context.layersToLoadOnCompletion()
        found = {"results": results, "layers": {path: details.name for path, details in layers.items()}}
    found.update(successful=good, refusal=refusal)
    text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False, default=str)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    (folder / "log.txt").write_text("\n".join([*told.lines, ""]), encoding="utf-8")


def _begin_with(job: dict[str, Any], folder: Path) -> None:
    """Put the results of an earlier job where this one writes, with a class that the user has renamed."""
    if job["begin_with"]:
        shutil.copytree(job["begin_with"], folder / "out")
        path = folder / "out" / "signatures.json"
        document = json.loads(path.read_text(encoding="utf-8"))
        document["classes"][0]["name"] = "renamed"
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Run all jobs in their order."""
    QLocale.setDefault(QLocale.c())
    application = QgsApplication([], False)
    application.initQgis()
    import iikmc

    plugin = iikmc.classFactory(None)
    plugin.initProcessing()
    jobs = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for job in jobs:
        print(f"   {job['name']}", flush=True)
        run(job)
    plugin.unload()
    application.exitQgis()


if __name__ == "__main__":
    main()
