"""The engine as a zip that a worker can unpack, built from the package's own files."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

_ENGINE = Path(__file__).resolve().parents[1]
# What is no source of the engine, whoever has put it there.
_LEFT_OUT = ("__pycache__",)
_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Package:
    """The engine's source on its way."""

    name: str
    """What the package is called at a worker; it holds the hash of all files."""
    archive: bytes
    """The zip."""
    boot: bytes
    """The source of the file that unpacks it."""

    @property
    def boot_name(self) -> str:
        """What the module of `boot` is called there, and here."""
        return f"{self.name}_boot"


def packed() -> Package:
    """Return the engine as it lies on this disk, with the version's home beside it."""
    files = {
        path.relative_to(_ENGINE.parent).as_posix(): path.read_bytes()
        for path in sorted(_ENGINE.rglob("*"))
        if path.is_file() and not set(path.parts) & set(_LEFT_OUT) and path.suffix != ".pyc"
    }
    metadata = _ENGINE.parent / "metadata.txt"
    if metadata.is_file():
        files[metadata.name] = metadata.read_bytes()
    # The plugin's own __init__.py is QGIS's door, which a worker has no use for.
    files["__init__.py"] = b'"""IIkMC\'s engine at a worker."""\n'
    digest = hashlib.sha256()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in sorted(files.items()):
            digest.update(f"{len(name)} {name} {len(data)} ".encode() + data)
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            zipped.writestr(entry, data)
    boot = files[(Path(__file__).parent / "dask_boot.py").relative_to(_ENGINE.parent).as_posix()]
    return Package(f"iikmc_{digest.hexdigest()[:16]}", buffer.getvalue(), boot)
