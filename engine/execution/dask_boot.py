"""What every worker of a cluster gets as a file by itself: it unpacks the engine, and hands messages to it.

It runs alone, under a name that holds the version of the engine: it may import the standard library only, and of Dask
what a worker has. The scheduler gets it too, because it reads whatever names a function of this file; it never runs it.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import os
import platform
import socket
import sys
import threading
import zipfile

OLDEST = (3, 9)
NEEDED = ("numpy", "rasterio")
_MOUTH = ".engine.runs.at_worker"
_lock = threading.Lock()


class Hold:
    """Stands for what a worker holds of a run: when Dask forgets it, as when the client has gone, so does the worker.

    It lies among Dask's data at the worker, is not sent anywhere and can therefore not be pickled.
    """

    def __init__(self, name: str, site: str) -> None:
        self._name, self._site = name, site

    def __del__(self) -> None:
        mouth = sys.modules.get(self._name + _MOUTH)
        if mouth is not None:
            mouth.drop(self._site)

    def __reduce__(self) -> str:
        raise TypeError("what a worker holds of a run stays there")


def begin(name: str, archive: bytes) -> dict[str, object]:
    """Unpack the engine at a worker and import it; return what the worker is, and what is wrong with it.

    Parameters
    ----------
    name
        What the engine's package is called there: its content's hash is in it, so that versions live side by side.
    archive
        The engine's source, as a zip.
    """
    found: dict[str, object] = {
        "python": platform.python_version(),
        "host": socket.gethostname(),
        "process": os.getpid(),
        "problem": "",
    }
    if sys.version_info < OLDEST:
        found["problem"] = "it has Python {}, and needs {}.{} or newer".format(found["python"], *OLDEST)
        return found
    for package in NEEDED:
        try:
            module = importlib.import_module(package)
        except ImportError as error:
            found["problem"] = f"its Python ({sys.executable}) cannot load {package} ({error}); install it there"
            return found
        found[package] = getattr(module, "__version__", "unknown")
    try:
        with _lock:
            _load(name, archive)
    except (ImportError, OSError, zipfile.BadZipFile) as error:
        found["problem"] = f"the engine cannot be loaded there ({error})"
    return found


def _load(name: str, archive: bytes) -> None:
    if name + _MOUTH in sys.modules:
        return
    from distributed import get_worker

    # A folder of the worker's own, which Dask removes with it; nobody else has a hand in it.
    folder = os.path.join(get_worker().local_directory, name)
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        # One by one: `extract` lets no name lead out of the folder.
        for entry in zipped.infolist():
            zipped.extract(entry, folder)
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            name, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
        )
        if spec is None or spec.loader is None:
            raise ImportError(name)
        package = importlib.util.module_from_spec(spec)
        sys.modules[name] = package
        spec.loader.exec_module(package)
    importlib.import_module(name + _MOUTH)


def hold(name: str, site: str, message: bytes) -> Hold:
    """Make ready at this worker for a run; what goes wrong is told by the first call."""
    mouth = sys.modules.get(name + _MOUTH)
    if mouth is not None:
        mouth.open_site(site, message)
    return Hold(name, site)


def call(name: str, site: str, message: bytes) -> bytes:
    """Hand a message to the engine and return its answer; nothing where the worker has been started anew since."""
    mouth = sys.modules.get(name + _MOUTH)
    return b"" if mouth is None else mouth.answer(site, message)
