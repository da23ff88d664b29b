"""Results appear together or not at all."""

from __future__ import annotations

import os

import pytest
from iikmc.engine import choices
from iikmc.engine.errors import OutputError
from iikmc.engine.pixels import reading
from iikmc.engine.requests import ClassifyRequest
from iikmc.engine.results.staging import Staging
from iikmc.engine.runs.classify import classify
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.runs.each import run_in_mode as run
from tiny import listing

NAMES = ("a.tif", "b.json", "c.html")


def fill(staging, text="new"):
    for name in NAMES:
        staging.write_text(name, f"{text} {name}")


def publish(out):
    with Staging(out) as staging:
        fill(staging)
        staging.publish()


def test_published_files_are_in_place_and_nothing_else_is(tmp_path):
    out = tmp_path / "deep" / "er" / "out"
    with Staging(out) as staging:
        fill(staging)
        assert not [path for path in out.iterdir() if not path.name.startswith(".")]
        staging.publish()
    assert listing(out) == {name: f"new {name}".encode() for name in NAMES}


def test_text_is_utf8_with_plain_line_ends(tmp_path):
    with Staging(tmp_path) as staging:
        staging.write_text("t.txt", "é\n–\n")
        staging.publish()
    assert (tmp_path / "t.txt").read_bytes() == "é\n–\n".encode()


def test_earlier_results_are_replaced_and_other_files_left_alone(tmp_path):
    (tmp_path / "a.tif").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    with Staging(tmp_path) as staging:
        fill(staging)
        assert (tmp_path / "a.tif").read_text() == "old"
        staging.publish()
    assert listing(tmp_path) == {**{name: f"new {name}".encode() for name in NAMES}, "mine.txt": b"mine"}


def test_an_earlier_file_that_cannot_be_put_back_is_kept_until_it_can(tmp_path, monkeypatch):
    """As on Windows, where the first file is opened by another program just after it was moved away."""
    out = tmp_path / "out"
    with Staging(out) as staging:
        fill(staging, "earlier")
        staging.publish()
    rename, opened = os.replace, []

    def replace(source, target):
        if os.path.basename(source) == "b.json" and os.path.basename(target) == "b.json":
            opened.append("a.tif")
            raise PermissionError(13, "Permission denied")
        if os.path.basename(source) in opened and str(target) == str(out / "a.tif"):
            raise PermissionError(13, "Permission denied")
        rename(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OutputError, match=r"b\.json cannot be replaced"):
        publish(out)
    monkeypatch.setattr(os, "replace", rename)
    assert (out / "a.tif").read_text() == "new a.tif"
    # The next run into the folder puts it back before it does anything, and leaves nothing else.
    Staging(out).recover()
    assert listing(out) == {name: f"earlier {name}".encode() for name in NAMES}


@pytest.mark.parametrize("made", [True, False])
def test_left_without_publish_nothing_remains(tmp_path, made):
    out = tmp_path / "x" / "out"
    if not made:
        out.mkdir(parents=True)
        (out / "a.tif").write_text("old")
    before = listing(tmp_path)

    def run():
        with Staging(out) as staging:
            fill(staging)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        run()
    assert listing(tmp_path) == before


@pytest.mark.parametrize("fails_at", range(1, 9))
@pytest.mark.parametrize("earlier", [(), ("a.tif",), NAMES], ids=len)
def test_a_failing_rename_puts_everything_back(tmp_path, monkeypatch, fails_at, earlier):
    out = tmp_path / "out"
    if earlier:
        out.mkdir()
        for name in earlier:
            (out / name).write_text(f"old {name}")
    before = listing(tmp_path)
    rename, calls = os.replace, []

    def replace(source, target):
        calls.append(source)
        if len(calls) == fails_at:
            raise PermissionError(13, "Permission denied")
        rename(source, target)

    monkeypatch.setattr(os, "replace", replace)
    if fails_at > len(NAMES) + len(earlier):
        publish(out)
        assert listing(out) == {name: f"new {name}".encode() for name in NAMES}
        return
    with pytest.raises(OutputError) as caught:
        publish(out)
    # The renames of file 1, 2, 3; those with an earlier file take two.
    steps = [name for name in NAMES for _ in range(2 if name in earlier else 1)]
    expected = f"OUTPUT: {steps[fails_at - 1]} cannot be replaced in {out} (Permission denied); "
    assert (
        str(caught.value)
        == expected + "remove its layers from QGIS, close other programs that use it, or choose another folder."
    )
    assert listing(tmp_path) == before


@pytest.mark.parametrize("fails_at", [1, 2, 3, 4, 5, 6])
def test_superseded_files_disappear_with_the_publishing_or_stay(tmp_path, monkeypatch, fails_at):
    for name in ("b.json", "old-1", "old-2", "mine"):
        (tmp_path / name).write_text(f"old {name}")
    before = listing(tmp_path)
    rename, calls = os.replace, []

    def replace(source, target):
        calls.append(source)
        if len(calls) == fails_at:
            raise PermissionError(13, "Permission denied")
        rename(source, target)

    def work():
        with Staging(tmp_path) as staging:
            for name in ("a.tif", "b.json"):
                staging.write_text(name, f"new {name}")
            # One that is not there is no error.
            staging.publish(("old-1", "none", "old-2"))

    monkeypatch.setattr(os, "replace", replace)
    # Renames: a.tif; b.json away and in; old-1; old-2.
    if fails_at == 6:
        work()
        assert listing(tmp_path) == {"a.tif": b"new a.tif", "b.json": b"new b.json", "mine": b"old mine"}
        return
    with pytest.raises(OutputError, match=("a.tif", "b.json", "b.json", "old-1", "old-2")[fails_at - 1]):
        work()
    assert listing(tmp_path) == before


def test_a_folder_in_the_way_of_a_result_is_kept(tmp_path):
    (tmp_path / "b.json").mkdir()
    (tmp_path / "b.json" / "inside.txt").write_text("mine")
    before = listing(tmp_path)
    with pytest.raises(OutputError, match=r"OUTPUT: b\.json in .* is a folder"):
        publish(tmp_path)
    assert listing(tmp_path) == before


def test_output_below_a_file_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file" / "out", tmp_path / "file" / "deep" / "out"):
        with pytest.raises(OutputError) as caught, Staging(out):
            pytest.fail("entered")
        assert str(caught.value) == (
            f"OUTPUT: the folder {out} cannot be written to (Not a directory); choose another folder."
        )
    assert listing(tmp_path) == {"file": b"mine"}


def test_output_that_cannot_be_written_to(tmp_path, monkeypatch):
    # As root no folder is read-only, so the refusal of the system is simulated.
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(OutputError, match=r"cannot be written to \(Permission denied\)"), Staging(tmp_path / "a" / "b"):
        pytest.fail("entered")
    assert listing(tmp_path) == {}


def test_a_full_disk_names_the_file(tmp_path, monkeypatch):
    with Staging(tmp_path / "out") as staging:
        monkeypatch.setattr(staging, "folder", tmp_path / "gone")
        with pytest.raises(
            OutputError, match=r"OUTPUT: a\.tif cannot be written in .*out \(No such file or directory\)"
        ):
            staging.write_text("a.tif", "x")
    assert issubclass(OutputError, OSError)


def test_a_file_that_is_held_open_is_told_before_the_work(tmp_path, monkeypatch):
    """Windows refuses to rename a file that another program holds open, even to its own name."""
    publish(tmp_path)
    before = listing(tmp_path)
    genuine = os.replace

    def held(source, target):
        if str(source).endswith("b.json"):
            raise PermissionError(13, "Permission denied")
        genuine(source, target)

    monkeypatch.setattr(os, "replace", held)
    with Staging(tmp_path) as staging:
        staging.check_replaceable(["a.tif", "none.tif"])
        with pytest.raises(OutputError) as caught:
            staging.check_replaceable(NAMES)
    assert str(caught.value) == (
        f"OUTPUT: b.json cannot be replaced in {tmp_path} (Permission denied); remove its layers from QGIS, close "
        "other programs that use it, or choose another folder."
    )
    assert listing(tmp_path) == before


@pytest.mark.parametrize("mode", ["together", "each", "classify"])
def test_no_run_begins_whose_raster_could_not_be_replaced(small_series, request_of, monkeypatch, mode):
    request = request_of(*small_series, mode=choices.MODES[mode == "each"])
    signatures = request_of(out="signatures").output / "signatures.json"
    if mode == "classify":
        cluster(request_of(*small_series, out="signatures"))
        request = ClassifyRequest(request.scenes, request.output, request.mask, signatures=signatures)
    work = classify if mode == "classify" else run
    work(request)
    before = listing(request.output)
    genuine = os.replace

    def held(source, target):
        if str(source) == str(target):
            raise PermissionError(13, "Permission denied")
        genuine(source, target)

    monkeypatch.setattr(os, "replace", held)
    monkeypatch.setattr(reading, "decode_strip", None)
    with pytest.raises(OutputError, match=r"OUTPUT: .*_classes\.tif cannot be replaced"):
        work(request)
    assert listing(request.output) == before
