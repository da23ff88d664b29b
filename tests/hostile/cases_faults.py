"""Cases about faults while a run is under way: files that change, claims, spilled pixels; more in test_faults.py."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
from calls import apply_to, audit_of
from cases_outputs import rasters, run, series, suggest_request
from iikmc.engine import claims
from iikmc.engine.claims import Claim
from iikmc.engine.errors import IIkMCError, MemoryBudgetError, OutputError, SceneError
from iikmc.engine.map_requests import TransitionRequest
from iikmc.engine.pixels import reading, store
from iikmc.engine.pixels.store import PixelStore
from iikmc.engine.requests import BenchmarkRequest
from iikmc.engine.results.staging import Staging
from iikmc.engine.runs.benchmark import benchmark
from iikmc.engine.runs.suggestk import suggest
from iikmc.engine.runs.transitions import PairSite, compare
from iikmc.engine.scenes.selection import MaskRule
from table import case, refused
from tiny import listing, make_scene, product, read_json, six_band_noise


@contextmanager
def meanwhile(deed: Callable[[], object], after: bool = True) -> Iterator[None]:
    """Do something once, when the first strip has been decoded, or before that."""
    genuine, done = reading.decode_strip, []

    def decode(*arguments: object, **options: object) -> object:
        first, found = not done, None
        done.append(True)
        if after:
            found = genuine(*arguments, **options)
        if first:
            deed()
        return found if after else genuine(*arguments, **options)

    reading.decode_strip = decode
    try:
        yield
    finally:
        reading.decode_strip = genuine
    assert done, "nothing was decoded"


def band(scene: Path, number: int = 4) -> Path:
    """Return a band file of a scene."""
    return scene / f"{scene.name}_SR_B{number}.TIF"


def grown(path: Path) -> Callable[[], object]:
    """Return what makes a file longer."""

    def deed() -> None:
        with open(path, "ab") as file:
            file.write(b"more")

    return deed


def nothing_written(folder: Path) -> None:
    """Assert that there are no results."""
    assert not (folder / "out").exists()


@case(13, "a band grows while a scene is read", "refused with its name and sizes; nothing is written")
def band_grows(folder: Path) -> None:
    scenes = series(folder)
    before = band(scenes[0]).stat().st_size
    with (
        meanwhile(grown(band(scenes[0]))),
        refused(
            scenes[0].name, band(scenes[0]).name, f"changed from {before:,} to {before + 4:,} bytes", error=SceneError
        ),
    ):
        run(scenes, folder / "out")
    nothing_written(folder)


@case(13, "a band is written anew with other pixels of the same size", "refused: was written to")
def band_is_rewritten(folder: Path) -> None:
    (scene,) = series(folder, 1)

    def deed() -> None:
        data = bytearray(band(scene).read_bytes())
        data[-1] ^= 1
        band(scene).write_bytes(data)

    with meanwhile(deed), refused(band(scene).name, "was written to while it was read", error=SceneError):
        run([scene], folder / "out")
    nothing_written(folder)


@case(13, "a band shrinks before it is read", "refused: changed, not: damaged")
def band_shrinks(folder: Path) -> None:
    (scene,) = series(folder, 1)
    with (
        meanwhile(lambda: os.truncate(band(scene), 300), after=False),
        refused(band(scene).name, "changed from", "to 300 bytes", error=SceneError),
    ):
        run([scene], folder / "out")
    nothing_written(folder)


@case(13, "a band vanishes before it is read", "refused: vanished")
def band_vanishes(folder: Path) -> None:
    (scene,) = series(folder, 1)
    with meanwhile(band(scene).unlink, after=False), refused(band(scene).name, "vanished", error=SceneError):
        run([scene], folder / "out")
    nothing_written(folder)


@case(13, "QA_PIXEL is replaced by that of another scene", "refused with its name")
def qa_is_replaced(folder: Path) -> None:
    scenes = series(folder)
    old, other = (scene / f"{scene.name}_QA_PIXEL.TIF" for scene in scenes)
    with meanwhile(lambda: shutil.copyfile(other, old)), refused(old.name, "while it was read", error=SceneError):
        run(scenes[:1], folder / "out")


@case(13, "a bundle grows while it is read", "refused")
def bundle_grows(folder: Path) -> None:
    (scene,) = series(folder, 1)
    bundle = folder / f"{scene.name}.tar"
    with tarfile.open(bundle, "w") as archive:
        for path in sorted(scene.iterdir()):
            archive.add(path, path.name)
    shutil.rmtree(scene)
    with meanwhile(grown(bundle)), refused(scene.name, "changed from", error=SceneError):
        run([bundle], folder / "out")


@case(13, "a scene is removed after it was read, before the rasters are written", "the same rasters")
def scene_is_removed_later(folder: Path) -> None:
    (scene,) = series(folder, 1)
    run([scene], folder / "expected")

    class Remover:
        def stage(self, text: str) -> None:
            if text.startswith("Clustering"):
                shutil.rmtree(scene)

        def __getattr__(self, name: str) -> Callable[..., bool]:
            return lambda *_: False

    run([scene], folder / "out", progress=Remover())
    name = f"{scene.name}_classes.tif"
    assert (folder / "out" / name).read_bytes() == (folder / "expected" / name).read_bytes()


@case(13, "a file that is not chosen changes while a scene is read", "the same result")
def other_file_changes(folder: Path) -> None:
    (scene,) = series(folder, 1)
    (scene / "notes.txt").write_text("mine")
    with meanwhile(grown(scene / "notes.txt")):
        run([scene], folder / "out")
    assert (folder / "out" / "signatures.json").exists()


@case(13, "classify: a band grows while it is read", "refused; nothing is written")
def classified_band_grows(folder: Path) -> None:
    (scene,) = series(folder, 1)
    run([scene], folder / "fit")
    with meanwhile(grown(band(scene))), refused(band(scene).name, "while it was read", error=SceneError):
        apply_to([scene], folder / "fit" / "signatures.json", folder / "out")
    nothing_written(folder)


@case(13, "audit: a band grows while it is read", "refused; nothing is written")
def audited_band_grows(folder: Path) -> None:
    from iikmc.engine.runs import audit

    (scene,) = series(folder, 1)
    genuine = audit.decode_strip

    def decode(*arguments: object) -> object:
        grown(band(scene))()
        return genuine(*arguments)

    audit.decode_strip = decode
    try:
        with refused(band(scene).name, "while it was read", error=SceneError):
            audit_of([scene], folder / "out")
    finally:
        audit.decode_strip = genuine
    nothing_written(folder)


@case(13, "suggestk: a band grows while the sample is drawn", "refused; nothing is written")
def sampled_band_grows(folder: Path) -> None:
    (scene,) = series(folder, 1)
    with meanwhile(grown(band(scene))), refused(band(scene).name, "while it was read", error=SceneError):
        suggest(suggest_request([scene], table=folder / "t.csv"))
    assert not (folder / "t.csv").exists()


@case(13, "benchmark: a band grows between two measurements", "refused; nothing is written", seconds=120)
def measured_band_grows(folder: Path) -> None:
    (scene,) = series(folder, 1)
    request = BenchmarkRequest((str(scene),), folder / "out", MaskRule((), False), k=2, repeats=1, workers=1)
    with meanwhile(grown(band(scene))), refused(band(scene).name, "while it was read", error=SceneError):
        benchmark(request)
    nothing_written(folder)


@case(13, "transitions: AFTER changes between counting and writing", "refused; nothing is written")
def compared_raster_changes(folder: Path) -> None:
    before, after = rasters(folder)
    genuine, calls = PairSite.read, []

    def read(site: PairSite, strip: object) -> np.ndarray:
        calls.append(None)
        if len(calls) == 2:
            grown(after)()
        return genuine(site, strip)

    PairSite.read = read
    try:
        with refused("AFTER", after.name, "while it was read"):
            compare(TransitionRequest(before, after, changes=folder / "c.tif", matrix=folder / "m.csv"))
    finally:
        PairSite.read = genuine
    assert not (folder / "c.tif").exists()
    assert not (folder / "m.csv").exists()


@case(13, "transitions: BEFORE vanishes between counting and writing", "refused: vanished")
def compared_raster_vanishes(folder: Path) -> None:
    before, after = rasters(folder)
    genuine, calls = PairSite.read, []

    def read(site: PairSite, strip: object) -> np.ndarray:
        calls.append(None)
        if len(calls) == 2:
            before.unlink()
        return genuine(site, strip)

    PairSite.read = read
    try:
        with refused("BEFORE", before.name, "vanished"):
            compare(TransitionRequest(before, after, changes=folder / "c.tif"))
    finally:
        PairSite.read = genuine


@contextmanager
def spilling(folder: Path) -> Iterator[PixelStore]:
    """Give a store that keeps nothing in memory."""
    (folder / "temporary").mkdir()
    before, tempfile.tempdir = tempfile.tempdir, str(folder / "temporary")
    genuine, store._in_memory = store._in_memory, lambda _: False
    try:
        with PixelStore(0, 100, 2, folder) as kept:
            yield kept
    finally:
        tempfile.tempdir, store._in_memory = before, genuine


@case(13, "a temporary file with pixels is cleared by another program", "refused: names the file and MEMORY")
def spilled_file_vanishes(folder: Path) -> None:
    with spilling(folder) as kept:
        held = kept.keep(np.ones((2, 50), np.uint16))
        held.path.unlink()
        with refused("MEMORY", held.path, "cannot be read any more", error=MemoryBudgetError):
            held.open()


@case(13, "a temporary file with pixels loses its end", "refused, not: half the pixels")
def spilled_file_shrinks(folder: Path) -> None:
    with spilling(folder) as kept:
        held = kept.keep(np.ones((2, 50), np.uint16))
        os.truncate(held.path, 100)
        with refused("MEMORY", held.path, error=MemoryBudgetError):
            held.open()


@case(13, "pixels of another memory order are spilled", "come back the same")
def spilled_in_another_order(folder: Path) -> None:
    dn = np.arange(100, dtype=np.uint16).reshape(50, 2).T
    with spilling(folder) as kept:
        assert kept.keep(dn).open().tolist() == dn.tolist()
    assert os.listdir(folder / "temporary") == []


@case(13, "a lock file of a dead run, with its number, in OUTPUT", "does not block; is removed")
def lock_of_a_dead_run(folder: Path) -> None:
    (scene,) = series(folder, 1)
    (folder / "out").mkdir()
    (folder / "out" / ".iikmc-run.lock").write_text("12345     ")
    run([scene], folder / "out")
    assert [name for name in listing(folder / "out") if name.startswith(".")] == []


@case(13, "half-written files of a dead run in OUTPUT", "cleared by the next run")
def files_of_a_dead_run(folder: Path) -> None:
    (scene,) = series(folder, 1)
    dead = folder / "out" / ".iikmc-run-dead"
    dead.mkdir(parents=True)
    (dead / f"{scene.name}_classes.tif").write_bytes(b"half")
    run([scene], folder / "out")
    assert not dead.exists()
    assert (folder / "out" / f"{scene.name}_classes.tif").read_bytes() != b"half"


@case(13, "a dead run's journal that was cut off", "cleared; OUTPUT stays what it is")
def half_a_journal(folder: Path) -> None:
    kept = folder / "out" / ".iikmc-run-dead" / "earlier"
    kept.mkdir(parents=True)
    (kept / ".journal").write_text('{"names": ["signatures.json"')
    (folder / "out" / "signatures.json").write_text("mine")
    Staging(folder / "out").recover()
    assert listing(folder / "out") == {"signatures.json": b"mine"}


def _killed(staging: Staging) -> None:
    """Let go of a folder as a process does that ends: its lock is free, and its files stay."""
    os.close(staging._claim._file)


@case(13, "a run killed when all its files are in place, its hidden folder not yet cleared", "its results stay")
def killed_behind_the_end(folder: Path) -> None:
    out = folder / "out"
    out.mkdir()
    (out / "a.txt").write_text("old")
    staging = Staging(out).__enter__()
    staging.write_text("a.txt", "new")
    staging.write_text("b.txt", "new")
    staging.publish()
    _killed(staging)
    Staging(out).recover()
    assert listing(out) == {"a.txt": b"new", "b.txt": b"new"}


@case(13, "a run killed between two renames, and the one that puts files back as well, at any point", "all put back")
def killed_while_putting_back(folder: Path) -> None:
    names = "abcd"
    for moves in range(2 * len(names)):
        for steps in range(2 * len(names)):
            out = folder / f"{moves}-{steps}"
            out.mkdir()
            for name in names[:-1]:
                (out / name).write_text("old")
            staging = Staging(out).__enter__()
            for name in names:
                staging.write_text(name, "new")
            with _ended_after(moves):
                staging.publish()
            _killed(staging)
            with _ended_after(steps):
                Staging(out).recover()
            Staging(out).recover()
            after = "new" if moves > 2 * len(names) - 2 else "old"
            expected = {name: after.encode() for name in (names if after == "new" else names[:-1])}
            assert listing(out) == expected, (moves, steps)


@contextmanager
def _ended_after(count: int) -> Iterator[None]:
    """Have a process end when it has moved some files and is about to move the next."""
    genuine, calls = os.replace, []

    def counted(source: object, target: object) -> None:
        calls.append(target)
        if len(calls) > count:
            raise KeyboardInterrupt
        genuine(source, target)

    os.replace = counted
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        os.replace = genuine


@case(13, "a journal that names files elsewhere, nests 100 000 deep, or is a pipe", "cleared; nothing else is touched")
def foreign_journals(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "kept.txt").write_text("mine")
    texts = (
        '{"names": ["../mine/kept.txt"], "apart": null}',
        '{"names": ["..", "."], "apart": null}',
        '{"names": [], "apart": "../mine"}',
        '{"names": [], "apart": 5}',
        '{"names": "a", "apart": null}',
        "[]",
        "[" * 100_000,
    )
    for text in (*texts, None):
        kept = folder / "out" / ".iikmc-run-dead" / "earlier"
        kept.mkdir(parents=True)
        if text is None:
            os.mkfifo(kept / ".journal")
        else:
            (kept / ".journal").write_text(text)
        Staging(folder / "out").recover()
        assert listing(folder) == {"mine/": b"", "mine/kept.txt": b"mine", "out/": b""}, text


@case(9, "a link named as the hidden folder of a dead run", "neither followed nor removed")
def linked_run_folder(folder: Path) -> None:
    kept = folder / "elsewhere" / "earlier"
    kept.mkdir(parents=True)
    (kept / ".journal").write_text('{"names": ["a.txt"], "apart": null}')
    (kept / "a.txt").write_text("mine")
    (folder / "out").mkdir()
    (folder / "out" / ".iikmc-run-dead").symlink_to(folder / "elsewhere")
    before = listing(folder)
    Staging(folder / "out").recover()
    assert listing(folder) == before


@case(7, "OUTPUT on a drive that is not there, as Windows has them", "refused; the folder is told")
def missing_drive(folder: Path) -> None:
    gone = FileNotFoundError(2, "No such file or directory")
    with (
        mock.patch.object(Path, "exists", return_value=False),
        mock.patch.object(Path, "mkdir", side_effect=gone),
        refused("OUTPUT", folder / "out", "No such file or directory", "choose another folder", error=OutputError),
    ):
        Staging(folder / "out").__enter__()


@case(13, "hidden files in OUTPUT that are not ours", "not touched")
def foreign_hidden_files(folder: Path) -> None:
    (scene,) = series(folder, 1)
    (folder / "out" / ".iikmc-other").mkdir(parents=True)
    (folder / "out" / ".hidden").write_text("mine")
    run([scene], folder / "out")
    found = listing(folder / "out")
    assert ".iikmc-other/" in found
    assert found[".hidden"] == b"mine"


@case(13, "a second run into OUTPUT while the first has it", "refused; the first is not disturbed")
def two_runs(folder: Path) -> None:
    (scene,) = series(folder, 1)
    with Staging(folder / "out") as first:
        first.write_text("a.txt", "first")
        with refused("OUTPUT: another run", f"process {os.getpid()}", "choose another folder", error=OutputError):
            run([scene], folder / "out")
        first.publish()
    assert listing(folder / "out") == {"a.txt": b"first"}


@case(13, "a second run into OUTPUT by a link while the first has it", "refused")
def two_runs_by_link(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "link").symlink_to(folder / "out", target_is_directory=True)
    with Staging(folder / "out"), refused("another run", error=OutputError), Staging(folder / "link"):
        pass


@case(13, "two runs that write different files into one folder", "both are written")
def two_files_of_one_folder(folder: Path) -> None:
    with Staging(folder, "TABLE", "a.csv") as one, Staging(folder, "TABLE", "b.csv") as two:
        one.write_text("a.csv", "a")
        two.write_text("b.csv", "b")
        one.publish()
        two.publish()
    assert listing(folder) == {"a.csv": b"a", "b.csv": b"b"}


@case(13, "two runs that write one file", "the second is refused, with the file's name")
def one_file_of_two_runs(folder: Path) -> None:
    with (
        Staging(folder, "TABLE", "a.csv"),
        refused("TABLE: another run", folder / "a.csv", "choose another file", error=OutputError),
        Staging(folder, "TABLE", "a.csv"),
    ):
        pass


@case(13, "a disk without locks", "runs, and clears nothing that another run may be using")
def no_locks(folder: Path) -> None:
    (scene,) = series(folder, 1)
    other = folder / "out" / ".iikmc-run-other"
    other.mkdir(parents=True)
    genuine, claims._lock = claims._lock, lambda _: False
    try:
        run([scene], folder / "out")
    finally:
        claims._lock = genuine
    assert other.exists()
    assert read_json(folder / "out" / "signatures.json")["version"] == 1


@case(13, "a folder in the place of the lock file", "one sentence")
def folder_for_lock(folder: Path) -> None:
    (scene,) = series(folder, 1)
    (folder / "out" / ".iikmc-run.lock").mkdir(parents=True)
    with refused("OUTPUT", "cannot be written to", error=OutputError):
        run([scene], folder / "out")


@case(13, "a link in the place of the lock file", "not followed: one sentence, and its target stays")
def link_for_lock(folder: Path) -> None:
    (scene,) = series(folder, 1)
    (folder / "mine").write_text("mine")
    (folder / "out").mkdir()
    (folder / "out" / ".iikmc-run.lock").symlink_to(folder / "mine")
    with refused("OUTPUT", "cannot be written to", error=OutputError):
        run([scene], folder / "out")
    assert (folder / "mine").read_text() == "mine"


@case(13, "a claim is given back while another run waits to lock its file", "the other makes its own")
def claim_given_back(folder: Path) -> None:
    first, second = Claim(folder / "a.lock"), Claim(folder / "a.lock")
    first.take()
    genuine = claims._lock

    def late(file: int) -> bool:
        claims._lock = genuine
        first.release()
        return genuine(file)

    claims._lock = late
    second.take()
    assert second.held
    assert (folder / "a.lock").exists()
    second.release()
    assert listing(folder) == {}


@case(13, "a temporary folder of a live run beside that of a dead one", "only the dead one is cleared")
def dead_and_live(folder: Path) -> None:
    for name in ("iikmc-dead", "iikmc-live", "other-dead"):
        (folder / name).mkdir()
        (folder / f"{name}.lock").write_text("")
    live = Claim(folder / "iikmc-live.lock")
    live.take()
    claims.clear_dead(folder, "iikmc-")
    live.release()
    assert {name for name in listing(folder) if name.endswith("/")} == {"iikmc-live/", "other-dead/"}


@case(13, "memory gives out while a strip is decoded", "one sentence: MEMORY, WORKERS, BANDS")
def no_memory_to_decode(folder: Path) -> None:
    (scene,) = series(folder, 1)

    def fail() -> None:
        raise MemoryError("Unable to allocate 2.0 GiB")

    with meanwhile(fail, after=False), refused("MEMORY", "2.0 GiB", "BANDS", error=MemoryBudgetError):
        run([scene], folder / "out")
    nothing_written(folder)


@case(13, "MemoryError without a word", "one sentence all the same")
def wordless_memory_error(folder: Path) -> None:
    (scene,) = series(folder, 1)

    def fail() -> None:
        raise MemoryError

    with meanwhile(fail, after=False), refused("MEMORY", "MemoryError", error=IIkMCError):
        run([scene], folder / "out")


@case(13, "a run after one that was refused in the middle", "the right result, nothing left of the first")
def run_after_refusal(folder: Path) -> None:
    scenes = [
        make_scene(folder, product(day=day), six_band_noise(3, 30, 30), tile=16) for day in ("20220511", "20220612")
    ]
    run(scenes, folder / "expected")
    with meanwhile(grown(band(scenes[0]))), refused(error=SceneError):
        run(scenes, folder / "out")
    run(scenes, folder / "out")
    for name in (path.name for path in (folder / "expected").glob("*.tif")):
        assert (folder / "out" / name).read_bytes() == (folder / "expected" / name).read_bytes()
