"""Scenes on a server: the same pixels as from disk, by parts of files, and one sentence where the server does not give.

The server is a real one, on this machine; see `stac_house`.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
from areas import area, box
from iikmc.engine.errors import SceneError
from iikmc.engine.requests import AuditRequest
from iikmc.engine.runs.audit import audit_scenes
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes import files
from iikmc.engine.scenes.header import _remembered
from stac_house import SECRET, collection, item_of, serving, write
from tiny import Recorder, listing, make_scene, product, six_band_noise


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Wait less than users do; a test that another's server was asked in tells nothing of its own."""
    monkeypatch.setattr(files, "PAUSES", (0.01, 0.01))
    for name, value in (("MAX_RETRY", "2"), ("RETRY_DELAY", "0.05"), ("LOW_SPEED_TIME", "1")):
        monkeypatch.setenv(f"GDAL_HTTP_{name}", value)
    _remembered.cache_clear()


@pytest.fixture
def afar(small_series):
    """Serve the small series; yields server and the items of its scenes, whose addresses are signed."""
    with serving(small_series[0].parent) as server:
        yield server, [item_of(path, server.address, SECRET) for path in small_series]


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A scene whose files are larger than what comes with their headers; read only."""
    folder = tmp_path_factory.mktemp("large")
    return make_scene(folder, product(), six_band_noise(3, 640, 384), tile=128)


@pytest.fixture
def far(large):
    """Serve the large scene; yields server and item, whose addresses are signed."""
    with serving(large.parent) as server:
        yield server, item_of(large, server.address, SECRET)


def all_told(recorder: Recorder) -> str:
    """Return all that a user was told."""
    return "\n".join([*recorder.stages, *recorder.notes, *recorder.warnings])


def test_the_same_rasters_as_from_disk_and_no_secret_anywhere(afar, small_series, request_of, tmp_path, caplog):
    server, items = afar
    recorder = Recorder()
    path = write(tmp_path / "search.json", collection(*items))
    with caplog.at_level(logging.DEBUG):
        cluster(request_of(path, out="afar", k=5, workers=2), recorder)
    cluster(request_of(*small_series, out="near", k=5, workers=2))
    near, there = listing(tmp_path / "near"), listing(tmp_path / "afar")
    assert set(near) == set(there)
    # The report and the signatures tell where scenes lie.
    same = set(near) - {"report.html", "signatures.json"}
    assert len(same) >= 9
    assert all(near[name] == there[name] for name in same)
    assert all(SECRET in asked for asked, _ in server.asked)
    assert not any(b"TOPSECRET" in data for data in there.values())
    assert "TOPSECRET" not in all_told(recorder)
    assert "TOPSECRET" not in caplog.text


def test_each_file_of_a_run_takes_few_requests(afar, request_of, tmp_path):
    server, items = afar
    cluster(request_of(write(tmp_path / "one.json", items[0]), k=2))
    # Seven rasters: each is opened for its header, and read strip after strip; QA_PIXEL is looked at before.
    strips = -(-37 // 16)
    assert len(server.asked) <= 7 * (2 + 2 + strips) + 9


def test_an_area_reads_its_strips_alone(request_of, tmp_path):
    values = np.random.default_rng(1).integers(8000, 12_000, (8192, 512))
    folder = make_scene(tmp_path, product(), values, compress="NONE")
    part, _ = area(box(folder, 0, 0, 512, 100))
    with serving(tmp_path) as server:
        path = write(tmp_path / "item.json", item_of(folder, server.address))
        result = cluster(request_of(path, aoi=part, max_iterations=2))
    assert result.pixels == 100 * 512
    # The first of three strips of 15 rows of tiles, and what comes with the headers.
    assert server.sent < 0.6 * sum(path.stat().st_size for path in folder.iterdir())


def is_of_pixels(part: str) -> bool:
    """Tell whether a request is not one that opens a file."""
    return bool(part) and not part.startswith("bytes=0-")


@pytest.mark.parametrize("fault", [500, 503, 429, "cut", "slow"])
def test_what_fails_once_is_asked_for_again(far, large, request_of, tmp_path, fault):
    server, item = far
    # From disk: GDAL keeps what it has had from a server.
    calm = cluster(request_of(large, out="calm"))
    failed: list[str] = []

    def once(path: str, part: str):
        if not failed and "SR_B3" in path and is_of_pixels(part):
            failed.append(part)
            return fault
        return None

    server.fault = once
    result = cluster(request_of(write(tmp_path / "item.json", item), out="again"))
    assert failed
    assert np.array_equal(result.fit.centres, calm.fit.centres)
    calm_files, again_files = listing(tmp_path / "calm"), listing(tmp_path / "again")
    assert all(calm_files[name] == again_files[name] for name in calm_files if name.endswith(".tif"))


def test_a_file_that_becomes_another_while_it_is_read_is_not_followed(large, request_of, tmp_path):
    folder = shutil.copytree(large, tmp_path / "scenes" / large.name)
    (band,) = folder.glob("*_SR_B3.TIF")
    # A description that names another file; GDAL would follow it anywhere, if it were not told which driver to take.
    described = f'<VRTDataset rasterXSize="384" rasterYSize="640"><VRTRasterBand dataType="UInt16" band="1"><SimpleSource><SourceFilename>{large / band.name}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>'  # noqa: E501
    with serving(folder.parent) as server:
        path = write(tmp_path / "item.json", item_of(folder, server.address))

        def becomes_another(path: str, part: str):
            if "SR_B3" in path and is_of_pixels(part):
                band.write_text(described, encoding="ascii")
                return "cut"
            return None

        server.fault = becomes_another
        with pytest.raises(SceneError, match=r"SR_B3\.TIF"):
            cluster(request_of(path))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (401, r"SR_B3.TIF may not be read at http://127\S+_SR_B3.TIF \(401\); sign the item anew"),
        (403, r"SR_B3.TIF may not be read at http://127\S+_SR_B3.TIF \(403\); sign the item anew"),
        (404, r"SR_B3.TIF is not at http://127\S+_SR_B3.TIF \(404\); get the item anew"),
        (429, r"was asked for too often at http://127\S+ \(429\); wait"),
        (500, r"cannot be had from http://127\S+, whose server fails \(500\); try again later"),
        ("cut", r"came in part only, or too slowly, from http://127\S+; try again"),
    ],
)
@pytest.mark.parametrize("later", [False, True], ids=["at the header", "at the pixels"])
def test_what_fails_for_good_is_one_sentence_and_nothing_is_left(far, request_of, tmp_path, fault, said, later):
    server, item = far
    path = write(tmp_path / "item.json", item)
    gone: list[str] = []

    def always(path: str, part: str):
        if "SR_B3" in path and later and is_of_pixels(part):
            gone.append(part)
        return fault if "SR_B3" in path and (gone or not later) else None

    server.fault = always
    recorder = Recorder()
    with pytest.raises(SceneError) as caught:
        cluster(request_of(path), recorder)
    text = str(caught.value)
    assert caught.match(said)
    assert text.startswith(f"Scene {item['id']}: ")
    assert text.endswith(".")
    assert "TOPSECRET" not in text + all_told(recorder)
    assert caught.value.__suppress_context__
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_signature_that_expires_while_scenes_are_read(far, request_of, tmp_path):
    server, item = far
    path = write(tmp_path / "item.json", item)
    read: list[str] = []

    def expired(path: str, part: str):
        read.extend([part] if is_of_pixels(part) else [])
        return 403 if len(read) > 5 else None

    server.fault = expired
    with pytest.raises(SceneError, match=r"may not be read at .* \(403\); sign the item anew"):
        cluster(request_of(path, workers=2))
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    server.fault = lambda path, part: None
    assert cluster(request_of(path, workers=2)).pixels == 640 * 384


@pytest.fixture
def bucket(large, monkeypatch):
    """Serve the large scene as an object store does; yields the server and the item with addresses of S3."""
    with serving(large.parent) as server:
        settings = {
            "AWS_S3_ENDPOINT": f"127.0.0.1:{server.server_port}",
            "AWS_HTTPS": "NO",
            "AWS_VIRTUAL_HOSTING": "FALSE",
            "AWS_NO_SIGN_REQUEST": "YES",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        # The folder of the scene is the bucket.
        item = item_of(large, "s3:/")
        yield server, item


def test_the_same_rasters_from_s3(bucket, large, request_of, tmp_path):
    server, item = bucket
    cluster(request_of(write(tmp_path / "item.json", item), out="there", k=4))
    cluster(request_of(large, out="near", k=4))
    near, there = listing(tmp_path / "near"), listing(tmp_path / "there")
    assert all(near[name] == there[name] for name in near if name.endswith(".tif"))
    assert any(is_of_pixels(part) for _, part in server.asked)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, r"may not be read at s3://\S+_SR_B3.TIF.*; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (404, r"is not at s3://\S+_SR_B3.TIF.*; get the item anew"),
    ],
)
def test_what_an_object_store_refuses(bucket, request_of, tmp_path, status, said):
    server, item = bucket
    server.fault = lambda path, part: status if "SR_B3" in path else None
    with pytest.raises(SceneError, match=said):
        cluster(request_of(write(tmp_path / "item.json", item), k=4))


def test_a_server_that_is_not_there(request_of, tmp_path, small_series):
    with serving(tmp_path) as server:
        address = server.address
    path = write(tmp_path / "item.json", item_of(small_series[0], address, SECRET))
    with pytest.raises(SceneError, match=r"cannot be reached at http://127\S+ \(.*\); check the connection") as caught:
        cluster(request_of(path))
    assert "TOPSECRET" not in str(caught.value)


def test_the_audit_of_scenes_afar(afar, small_series, tmp_path):
    _, items = afar
    path = write(tmp_path / "search.json", collection(*items))
    there = audit_scenes(AuditRequest((str(path),), tmp_path / "there"))
    near = audit_scenes(AuditRequest(tuple(map(str, small_series)), tmp_path / "near"))
    assert there.pixels == near.pixels
    table = (tmp_path / "there" / "audit.csv").read_text(encoding="utf-8")
    assert "TOPSECRET" not in table
    assert Path(small_series[0]).name in table
