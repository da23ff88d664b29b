"""Results appear together or not at all: everything is written to a hidden folder beside and renamed at the end.

While files are renamed, a journal says which: a run that was killed meanwhile is undone by the next one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..claims import LOCK, Busy, Claim
from ..errors import OutputError
from ..machine import is_too_long, why_unwritten
from .journal import Journal
from .moving import move

_HIDDEN = ".iikmc-"


def unwritten(parameter: str, name: str, folder: Path, error: OSError) -> OutputError:
    """Return the error of a file that could not be written to a folder."""
    remedy = "choose a shorter name" if is_too_long(error) else "free some space, or choose another folder"
    return OutputError(f"{parameter}: {name} cannot be written in {folder} ({why_unwritten(error, folder)}); {remedy}.")


@dataclass(frozen=True)
class Tray:
    """A folder in which files are made before they are published; any process that sees it may write there."""

    folder: Path
    """Where files are made."""
    output: Path
    """Where they will be, for messages."""
    parameter: str
    """The parameter that messages name."""

    def path(self, name: str) -> Path:
        """Return where to write the file that will be called `name`."""
        return self.folder / name

    def write_text(self, name: str, text: str) -> None:
        """Write a text file.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        try:
            # A path in the text may have bytes that are no UTF-8, which Python keeps as half a pair: "?" in a file.
            with open(self.path(name), "w", encoding="utf-8", errors="replace", newline="\n") as file:
                file.write(text)
        except OSError as error:
            raise unwritten(self.parameter, name, self.output, error) from error


class Staging:
    """A hidden folder inside the output folder, whose files are moved into place by `publish`.

    Left without `publish`, as by an error or a cancel, it disappears with all it holds, and so does the output folder
    if it was made for this run. One run at a time has it. What a killed run left in its place is cleared first, and
    where that had begun to move files, they are put back.
    """

    def __init__(self, output: Path, parameter: str = "OUTPUT", name: str = "") -> None:
        """Take where the results go.

        Parameters
        ----------
        output
            The folder, which need not exist.
        parameter
            The parameter that messages name.
        name
            Of the one file that is written, so that others can write to the same folder meanwhile; by default the
            folder is this run's alone.
        """
        self.output = output
        self._parameter = parameter
        self._name = name
        self._made: list[Path] = []
        # By its number, because a name may be too long to have something put before it.
        self._prefix = _HIDDEN + (f"{zlib.crc32(name.casefold().encode('utf-8', 'replace')):08x}" if name else "run")
        self._claim = Claim(output / f"{self._prefix}{LOCK}")
        self._journal: Journal | None = None
        # Whether no earlier file is in the run's folder that could not be put back.
        self._is_back = True
        self.folder = output

    def __enter__(self) -> Staging:
        try:
            missing = self.output
            # A drive that is not there, on Windows, is its own parent.
            while not missing.exists() and missing.parent != missing:
                self._made.append(missing)
                missing = missing.parent
            self.output.mkdir(parents=True, exist_ok=True)
            self._claim.take()
            self._undo_dead()
            self.folder = Path(tempfile.mkdtemp(prefix=f"{self._prefix}-", dir=self.output))
        except Busy as error:
            raise self._in_use(error) from error
        except OSError as error:
            self._claim.release()
            self._remove_made()
            raise OutputError(
                f"{self._parameter}: the folder {self.output} cannot be written to "
                f"({why_unwritten(error, self.output)}); choose another folder."
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_back:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._claim.release()
        self._remove_made()

    def _in_use(self, error: Busy) -> OutputError:
        who = f"another run ({error})" if str(error) else "another run"
        what = f"{self.output / self._name}" if self._name else f"the folder {self.output}"
        other = "file" if self._name else "folder"
        return OutputError(
            f"{self._parameter}: {who} is writing to {what} now; wait until it has ended, or choose another {other}."
        )

    def recover(self) -> None:
        """Clear what a killed run left, so that its half is not read; nothing where a live run has the folder."""
        if not os.path.isdir(self.output) or not any(self._left()):
            return
        with contextlib.suppress(OSError, Busy):
            self._claim.take()
            try:
                self._undo_dead()
            finally:
                self._claim.release()

    def _left(self) -> Iterable[Path]:
        """Return the folders that runs have made here; no links, which they never make."""
        return (path for path in self.output.glob(f"{self._prefix}-*") if path.is_dir() and not path.is_symlink())

    def _undo_dead(self) -> None:
        # Whoever made these folders had the claim that this run has now, so it lives no more.
        if self._claim.held:
            for folder in self._left():
                if Journal.of(folder, self.output).undo():
                    shutil.rmtree(folder, ignore_errors=True)

    def _remove_made(self) -> None:
        for folder in self._made:
            try:
                folder.rmdir()
            except OSError:
                return  # it holds the results

    @property
    def tray(self) -> Tray:
        """Where tasks make their files."""
        return Tray(self.folder, self.output, self._parameter)

    def path(self, name: str) -> Path:
        """Return where to write the file that will be called `name`."""
        return self.tray.path(name)

    def check_replaceable(self, names: Iterable[str]) -> None:
        """Check before the work that files of an earlier run can be replaced after it.

        Windows lets nobody rename a file that a program, such as QGIS with a layer of it, holds open. Giving it the
        name that it has asks that without a change.

        Raises
        ------
        OutputError
            One cannot be replaced.
        """
        for name in names:
            target = self.output / name
            try:
                if target.is_file():
                    move(target, target)
                elif target.is_dir():
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            except OSError as error:
                raise self._irreplaceable(name, error) from error

    def _irreplaceable(self, name: str, error: OSError) -> OutputError:
        if os.path.isdir(self.output / name):
            return OutputError(
                f"{self._parameter}: {name} in {self.output} is a folder, where a file of that name belongs; rename "
                "it, or choose another folder."
            )
        return OutputError(
            f"{self._parameter}: {name} cannot be replaced in {self.output} "
            f"({why_unwritten(error, self.output)}); remove its layers from QGIS, close other programs that use it, "
            "or choose another folder."
        )

    def write_text(self, name: str, text: str) -> None:
        """Write a text file.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        self.tray.write_text(name, text)

    def publish_alone(self, name: str, text: str) -> Path:
        """Write a text file and move it into place at once, whatever becomes of the others; return its path.

        Raises
        ------
        OutputError
            It cannot be written, or an earlier one cannot be replaced.
        """
        target = self.output / name
        try:
            aside = Path(tempfile.mkdtemp(prefix="alone-", dir=self.folder))
        except OSError as error:
            raise unwritten(self._parameter, name, self.output, error) from error
        Tray(aside, self.output, self._parameter).write_text(name, text)
        try:
            move(aside / name, target)
            aside.rmdir()
        except OSError as error:
            raise self._irreplaceable(name, error) from error
        return target

    def publish(self, superseded: Sequence[str] = (), apart: Collection[str] = ()) -> Path | None:
        """Move every file into place, replacing those of an earlier run; on an error, put everything back.

        Parameters
        ----------
        superseded
            Names of files of an earlier run that these make worthless: removed, where they are.
        apart
            Names of files of an earlier run that are kept, in a folder of their own, replaced or not.

        Returns
        -------
        Path or None
            That folder; None where nothing is in it.

        Raises
        ------
        OutputError
            A file of an earlier run cannot be replaced, for instance because another program holds it open.
        """
        names = sorted(path.name for path in self.folder.iterdir() if path.is_file())
        # Overviews that somebody has added to a raster would be shown in the place of the new one.
        stale = [f"{name}.ovr" for name in names if name.endswith((".tif", ".tiff"))]
        away = [*superseded, *stale, *(name for name in apart if name not in names)]
        name = "a file"
        journal = self._journal = Journal.of(self.folder, self.output)
        try:
            journal.begin(names, apart)
            for name in names:
                # A folder of that name is not ours to replace: moving the file onto it fails.
                journal.move_away(name)
                journal.move_in(name)
            for name in away:
                journal.move_away(name)
            journal.end()
        except OSError as error:
            self._is_back = journal.undo()
            raise self._irreplaceable(name, error) from error
        return journal.apart

    def take_back(self) -> None:
        """Undo `publish`, before the staging is left."""
        if self._journal is not None:
            self._is_back = self._journal.undo()


class Destinations:
    """Files in places that the user chose one by one; none of them appears before `publish`."""

    def __init__(self, paths: Mapping[str, Path | None]) -> None:
        """Take parameter name -> file; None for a file that is not wanted."""
        self._paths = {parameter: path for parameter, path in paths.items() if path is not None}
        self._staged: dict[str, Staging] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Destinations:
        with ExitStack() as stack:
            for parameter, path in self._paths.items():
                self._staged[parameter] = stack.enter_context(Staging(path.parent, parameter, path.name))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def path(self, parameter: str) -> Path:
        """Return where to write the file of a parameter."""
        return self._staged[parameter].path(self._paths[parameter].name)

    def suffix(self, parameter: str) -> str:
        """Return how the file's name ends, such as ".tif"."""
        return self._paths[parameter].suffix

    def write_text(self, parameter: str, text: str, suffix: str = "") -> None:
        """Write a text file, if it is wanted: that of a parameter, or one beside it that ends in `suffix` instead.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        if parameter in self._staged:
            path = self._paths[parameter]
            self._staged[parameter].write_text(path.with_suffix(suffix).name if suffix else path.name, text)

    def wants(self, parameter: str) -> bool:
        """Tell whether the file of a parameter is wanted."""
        return parameter in self._staged

    def write_beside(self, parameter: str, name: str, text: str) -> None:
        """Write a text file that the wanted file of a parameter needs in its folder; an earlier one is replaced.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        self._staged[parameter].write_text(name, text)

    def recover(self) -> None:
        """Clear what killed runs left beside these files."""
        for parameter, path in self._paths.items():
            Staging(path.parent, parameter, path.name).recover()

    def publish(self) -> None:
        """Move every file into place, replacing earlier ones; on an error, put everything back.

        Raises
        ------
        OutputError
            An earlier file cannot be replaced.
        """
        done: list[Staging] = []
        try:
            for staging in self._staged.values():
                staging.publish()
                done.append(staging)
        except OutputError:
            for staging in done:
                staging.take_back()
            raise
