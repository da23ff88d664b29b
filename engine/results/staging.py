"""Results appear together or not at all: everything is written to a hidden folder beside and renamed at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..errors import OutputError


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
            raise OutputError(
                f"{self.parameter}: {name} cannot be written in {self.output} ({error.strerror}); free some space."
            ) from error


class Staging:
    """A hidden folder inside the output folder, whose files are moved into place by `publish`.

    Left without `publish`, as by an error or a cancel, it disappears with all it holds, and so does the output folder
    if it was made for this run.
    """

    def __init__(self, output: Path, parameter: str = "OUTPUT") -> None:
        """Take the folder that the results go to, which need not exist, and the parameter that messages name."""
        self.output = output
        self._parameter = parameter
        self._made: list[Path] = []
        self.folder = output

    def __enter__(self) -> Staging:
        try:
            missing = self.output
            while not missing.exists():
                self._made.append(missing)
                missing = missing.parent
            self.output.mkdir(parents=True, exist_ok=True)
            self.folder = Path(tempfile.mkdtemp(prefix=".iikmc-", dir=self.output))
        except OSError as error:
            self._remove_made()
            raise OutputError(
                f"{self._parameter}: the folder {self.output} cannot be written to ({error.strerror}); "
                "choose another folder."
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._remove_made()

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
                    os.replace(target, target)
            except OSError as error:
                raise self._irreplaceable(name, error) from error

    def _irreplaceable(self, name: str, error: OSError) -> OutputError:
        return OutputError(
            f"{self._parameter}: {name} cannot be replaced in {self.output} ({error.strerror}); remove its layers from "
            "QGIS, close other programs that use it, or choose another folder."
        )

    def write_text(self, name: str, text: str) -> None:
        """Write a text file.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        self.tray.write_text(name, text)

    def publish(self, superseded: Sequence[str] = ()) -> None:
        """Move every file into place, replacing those of an earlier run; on an error, put everything back.

        Parameters
        ----------
        superseded
            Names of files of an earlier run that these make worthless: removed, where they are.

        Raises
        ------
        OutputError
            A file of an earlier run cannot be replaced, for instance because another program holds it open.
        """
        kept = self.folder / "earlier"
        kept.mkdir()
        done: list[Path] = []
        name = "a file"
        try:
            for source in sorted(path for path in self.folder.iterdir() if path.is_file()):
                name = source.name
                target = self.output / name
                # A folder of that name is not ours to replace: moving the file onto it fails.
                if target.is_file():
                    os.replace(target, kept / target.name)
                done.append(target)
                os.replace(source, target)
            for name in superseded:
                target = self.output / name
                if target.is_file():
                    os.replace(target, kept / name)
                    done.append(target)
        except OSError as error:
            self._put_back(done, kept)
            raise self._irreplaceable(name, error) from error

    @staticmethod
    def _put_back(done: list[Path], kept: Path) -> None:
        for target in done:
            earlier = kept / target.name
            try:
                if earlier.exists():
                    os.replace(earlier, target)
                else:
                    target.unlink(missing_ok=True)
            except OSError:
                continue  # the error that led here is the one to tell


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
                self._staged[parameter] = stack.enter_context(Staging(path.parent, parameter))
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

    def publish(self) -> None:
        """Move every file into place, replacing earlier ones.

        Raises
        ------
        OutputError
            An earlier file cannot be replaced.
        """
        for staging in self._staged.values():
            staging.publish()
