"""Which files are being moved into and out of the output folder, so that it can be undone, also by a later run."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from ..text_files import read_json
from .moving import move

_NAME = ".journal"
# What the journal is called once new files are out of the way and earlier ones are being put back.
_GOING_BACK = ".journal-going-back"
_KEPT = "earlier"
APART = "earlier_run_"
"""How the folder is called that keeps files of an earlier run, before the time at which they were set apart."""


class Journal:
    """The moves between a run's own folder and the output folder."""

    def __init__(self, folder: Path, output: Path, names: Iterable[str] = (), apart: Path | None = None) -> None:
        """Take the run's folder, the output folder, and what is written in the journal there."""
        self._folder, self._output = folder, output
        self._kept = folder / _KEPT
        self._names = list(names)
        self._set_apart: Collection[str] = ()
        self._begun = False
        self.apart = apart
        """The folder of files that are set apart; None without one."""

    @classmethod
    def of(cls, folder: Path, output: Path) -> Journal:
        """Return the journal in a run's folder; an empty one where nothing was moved, or all that was moved stays."""
        for name in (_NAME, _GOING_BACK):
            try:
                names, apart = _moves(read_json(folder / _KEPT / name))
            except (OSError, ValueError):
                # Half a journal is one of a run that had not begun to move.
                continue
            journal = cls(folder, output, names if name == _NAME else (), output / apart if apart else None)
            journal._begun = True
            return journal
        return cls(folder, output)

    def begin(self, names: Iterable[str], apart: Collection[str]) -> None:
        """Write down what will be moved.

        Parameters
        ----------
        names
            Files of the run's folder that will be moved in.
        apart
            Files of the output folder that will be moved into one that keeps them.

        Raises
        ------
        OSError
            It cannot be written.
        """
        self._kept.mkdir()
        self._names, self._set_apart = list(names), frozenset(apart)
        if any((self._output / name).is_file() for name in apart):
            self.apart = _new_folder(self._output)
        text = json.dumps({"names": self._names, "apart": self.apart.name if self.apart else None})
        with open(self._kept / _NAME, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self._begun = True
        if self.apart:
            self.apart.mkdir()

    def move_in(self, name: str) -> None:
        """Move a file of the run into place.

        Raises
        ------
        OSError
            It cannot be moved.
        """
        move(self._folder / name, self._output / name)

    def move_away(self, name: str) -> None:
        """Move a file of an earlier run out of the way, if there is one.

        Raises
        ------
        OSError
            It cannot be moved.
        """
        target = self._output / name
        if target.is_file():
            move(target, (self.apart if self.apart and name in self._set_apart else self._kept) / name)

    def end(self) -> None:
        """Let what was moved stay, whatever happens to this run.

        Raises
        ------
        OSError
            The system does not let it.
        """
        (self._kept / _NAME).unlink()

    def undo(self) -> bool:
        """Put everything back, as far as the system lets it; ended half-way, it can be begun again.

        Returns
        -------
        bool
            Whether all is back. Where it is not, as where Windows holds a file open, the run's folder has the rest, and
            a later run may have more luck.
        """
        if not self._begun:
            # There may be earlier files all the same: those that a run has replaced for good.
            return True
        places = [place for place in (self._kept, self.apart) if place is not None]
        for name in self._names:
            earlier = any((place / name).exists() for place in places)
            if not earlier and not (self._folder / name).exists():
                # It is in its place, where there was none before.
                with contextlib.suppress(OSError):
                    (self._output / name).unlink()
        # From here on an earlier file that is back must not be taken for a new one. To rename takes no room.
        with contextlib.suppress(OSError):
            move(self._kept / _NAME, self._kept / _GOING_BACK)
        for place in places:
            for path in sorted(place.glob("*")):
                if path.is_file() and path.name not in (_NAME, _GOING_BACK):
                    with contextlib.suppress(OSError):
                        move(path, self._output / path.name)
        if self.apart is not None:
            with contextlib.suppress(OSError):
                self.apart.rmdir()
        self._names = []
        return not any(
            path.is_file() and path.name not in (_NAME, _GOING_BACK) for place in places for path in place.glob("*")
        )


def _moves(written: Any) -> tuple[list[str], str | None]:
    """Return the names and the folder in a journal; raises ValueError if that is not what a run writes there.

    Who can write to the output folder must not be able to have files elsewhere moved or removed.
    """
    try:
        names, apart = written["names"], written["apart"]
    except (KeyError, TypeError) as error:
        raise ValueError("no journal") from error
    plain = isinstance(names, list) and all(isinstance(name, str) and Path(name).name == name for name in names)
    known = apart is None or (isinstance(apart, str) and Path(apart).name == apart and apart.startswith(APART))
    if not plain or not known or ".." in names:
        raise ValueError("no journal")
    return names, apart


def _new_folder(output: Path) -> Path:
    """Return a folder for an earlier run that is not there yet."""
    name = f"{APART}{datetime.now():%Y-%m-%d_%H%M%S}"
    number, folder = 1, output / name
    while folder.exists():
        number += 1
        folder = output / f"{name}_{number}"
    return folder
