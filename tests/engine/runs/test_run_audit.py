"""The audit: counts by hand, the same as a clustering makes, and what it says about them."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest
from calls import CIRRUS, CLOUD, DILATED, LAND, SHADOW, SNOW, WATER, audit_of, rows_of
from iikmc.engine.errors import Cancelled, ParameterError, SceneError
from iikmc.engine.pixels.store import PixelStore, expected_use
from iikmc.engine.runs import audit as audit_module
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.sensors.flags import DEFAULT_FLAGS
from iikmc.engine.sensors.roles import ROLES as EVERY_ROLE
from tiny import Recorder, listing, make_scene, product, read_json


@pytest.fixture
def one(tmp_path):
    """A scene of 12 pixels, each of its own kind."""
    qa = [[1, LAND, DILATED, CIRRUS], [CLOUD, 55052, SHADOW, SNOW], [WATER, LAND, LAND, LAND]]
    dn = np.full((6, 3, 4), 9000)
    dn[:, 0, 0] = 0  # fill by both
    dn[3, 0, 1] = 0  # fill by one band alone: nir
    dn[0, 2, 1] = 7272  # out of range, just
    dn[5, 2, 2] = 43637  # likewise at the other end
    dn[:, 2, 3] = [7273, 43636, 9000, 9000, 9000, 9000]  # within, just
    radsat = np.zeros((3, 4))
    radsat[0, 0] = 127  # on fill: not counted
    radsat[1, 0] = 1 << 3  # band 4, red, on a cloud
    radsat[2, 2] = 1 << 6  # band 7, swir2
    radsat[2, 3] = 1 << 0  # band 1, which is none of ours
    return make_scene(tmp_path / "in", product(), dn, np.array(qa), radsat)


# --- counts ----------------------------------------------------------------------------------------------------------


BY_HAND = {
    "scene": product(), "date": "2022-05-11", "sensor": "Landsat 8 OLI", "pixels": "12", "outside_aoi": "0",
    "fill": "2", "dilated_cloud": "1", "cirrus": "2", "cloud": "2", "cloud_shadow": "1", "snow_or_ice": "1",
    "water": "1", "saturated": "2", "masked": "6", "valid": "4", "valid_percent": "33.3333",
    "out_of_range": "1", "note": "", "clipped": "0",
}  # fmt: skip


@pytest.mark.parametrize(
    ("options", "differs"),
    [
        ({}, {}),
        # Saturation is counted all the same; the pixel at (2, 2) is valid now and out of range.
        ({"saturated": False}, {"masked": "5", "valid": "5", "valid_percent": "41.6667", "out_of_range": "2"}),
        # Only the two saturated pixels are masked.
        ({"flags": ()}, {"masked": "2", "valid": "8", "valid_percent": "66.6667"}),
        ({"flags": ("snow or ice", "water")}, {"masked": "4", "valid": "6", "valid_percent": "50.0000"}),
        # (0, 1) is no fill in red; only red's saturation counts, and only red's range.
        (
            {"roles": ("red",)},
            {"fill": "1", "saturated": "1", "masked": "5", "valid": "6", "valid_percent": "50.0000"}
            | {"out_of_range": "0"},
        ),
    ],
)
@pytest.mark.parametrize("strip_pixels", [1, 10**9])
def test_counts_by_hand(one, tmp_path, options, differs, strip_pixels):
    result = audit_of([one], tmp_path / "out", strip_pixels=strip_pixels, **options)
    assert rows_of(result) == [{**BY_HAND, **differs}]
    assert result.pixels == int({**BY_HAND, **differs}["valid"])
    assert result.valid_percent == 100 * result.pixels / 12
    assert sorted(path.name for path in result.output.iterdir()) == ["audit.csv", "audit.html"]


def test_counts_are_those_of_a_clustering(small_series, tmp_path, request_of):
    for flags in (DEFAULT_FLAGS, ()):
        clustered = cluster(request_of(*small_series, flags=flags, out="c", max_iterations=1))
        scenes = read_json(clustered.signatures)["run"]["scenes"]
        found = audit_of(small_series, tmp_path / "out", flags, strip_pixels=16 * 41)
        assert [audit.to_dict() for audit in found.audits] == [scene["audit"] for scene in scenes]
        assert [scene.id for scene in found.scenes] == [scene["id"] for scene in scenes]
        assert found.pixels == clustered.pixels


# --- what cannot be known --------------------------------------------------------------------------------------------


def test_a_scene_without_quality_files_is_audited_with_a_note(tmp_path):
    scene = make_scene(tmp_path, product(), [[0, 9000, 9000, 9000]], qa=None)
    log = Recorder()
    result = audit_of([scene], tmp_path / "out", progress=log)
    (row,) = rows_of(result)
    empty = ("dilated_cloud", "cirrus", "cloud", "cloud_shadow", "snow_or_ice", "water", "saturated")
    assert {row[name] for name in empty} == {""}
    assert (row["fill"], row["masked"], row["valid"]) == ("1", "0", "3")
    assert row["note"] == "no QA_PIXEL: flags unknown, fill by value alone; no QA_RADSAT: saturation unknown"
    assert "2022-05-11 LC08 190027: no QA_PIXEL: flags unknown, fill by value alone" in log.notes
    assert any("2022-05-11 LC08 190027 has no QA_PIXEL" in text and "MASK refuses it" in text for text in log.warnings)
    log = Recorder()
    audit_of([scene], tmp_path / "out", (), progress=log)
    assert log.warnings == []


# --- what it says ----------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The cells of the tables, the widths of the bars and every address in a page."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.bars, self.addresses, self.text = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.addresses += [found[name] for name in ("src", "href") if name in found]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "i":
            self.bars.append((found["class"], found["style"]))

    def handle_data(self, data):
        self.text += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_page_by_hand(one, tmp_path):
    other = make_scene(tmp_path / "in", product(day="20200101"), np.full((2, 2), 9000), qa=None)
    page = Page(audit_of([one, other], tmp_path / "out").page.read_text(encoding="utf-8"))
    assert page.addresses == []
    head, *rows = [[cell.strip() for cell in row] for row in page.rows]
    assert head[3:7] == ["Valid", "Masked", "Fill", "Dilated cloud"]
    assert rows[0][:2] == ["2020-01-01 LC08 190027", "Landsat 8 OLI"]
    assert rows[0][3:13] == ["100.00 %", "0.00 %", "0.00 %", "", "", "", "", "", "", ""]
    assert rows[1][3:] == [
        "33.33 %", "50.00 %", "16.67 %", "8.33 %", "16.67 %", "16.67 %", "8.33 %", "8.33 %", "8.33 %", "16.67 %",
        "8.33 %", "12", "0", "",
    ]  # fmt: skip
    # 8 of 16 pixels; the flags of all scenes together are not known.
    assert rows[2][0] == "All scenes"
    assert rows[2][3:13] == ["50.00 %", "37.50 %", "12.50 %", "", "", "", "", "", "", ""]
    assert page.bars[4:8] == [("v", "width:33.33%"), ("m", "width:50.00%"), ("f", "width:16.67%"), ("o", "width:0.00%")]
    assert "8 of 16 pixels are valid (50.00 %)." in page.text
    assert "Masked: fill, dilated cloud, cirrus, cloud, cloud shadow, saturated pixels." in page.text


@pytest.mark.parametrize(("clear", "warned"), [(9, True), (10, False), (0, True)])
def test_scenes_with_less_than_ten_percent_are_warned_of(tmp_path, clear, warned):
    qa = np.full(100, CLOUD)
    qa[:clear] = LAND
    poor = make_scene(tmp_path, product(), np.full((10, 10), 9000), qa.reshape(10, 10), 0)
    good = make_scene(tmp_path, product(day="20200101"), np.full((10, 10), 9000), radsat=0)
    log = Recorder()
    result = audit_of([poor, good], tmp_path / "out", progress=log)
    title = "2022-05-11 LC08 190027"
    assert [text.startswith(f"{title}: {clear} of 100 pixels are valid ({clear}.0 %)") for text in log.warnings] == (
        [True] if warned else []
    )
    assert any(f"worth leaving out: {title}." in text for text in log.notes) == warned
    assert ('<span class="low">' in result.page.read_text()) == warned


def test_memory_by_hand():
    # 6 bands of 2 bytes, 3.125 bytes beside. 100 pixels of which 40 are valid: 480 + 125 bytes.
    assert expected_use(10_000, 100, 40, 6) == (605, 0)
    # Of 500 bytes the store sets 312 aside for the bytes beside all pixels; 188 hold values, 292 go to files.
    assert expected_use(500, 100, 40, 6) == (605, 292)
    assert expected_use(0, 100, 40, 6) == (605, 480)


def test_memory_is_what_a_store_really_spills(tmp_path):
    with PixelStore(500, 100, 6, tmp_path) as store:
        for _ in range(40):
            store.keep(np.zeros((6, 1), np.uint16))
        # In whole blocks: at most one block of 12 bytes more than expected.
        assert 0 <= store.spilled - expected_use(500, 100, 40, 6)[1] < 12


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (10**9, "takes about 0.1 MB for the pixels, of 1.0 GB that may be used now: it fits into memory."),
        (100_000, "of 0.1 MB that may be used now, so about 0.1 MB would go to temporary files"),
    ],
)
def test_advice_on_memory(tmp_path, monkeypatch, budget, said):
    monkeypatch.setattr(audit_module, "automatic_budget", lambda: budget)
    scene = make_scene(tmp_path, product(), np.full((100, 90), 9000), radsat=0)
    log = Recorder()
    result = audit_of([scene], tmp_path / "out", progress=log)
    assert any(said in text and "9,000 valid pixels in 6 bands" in text for text in log.notes), log.notes
    assert said in result.page.read_text()


def test_nothing_valid_is_said_and_no_error(tmp_path):
    scene = make_scene(tmp_path, product(), [[9000]], CLOUD, 0)
    log = Recorder()
    result = audit_of([scene], tmp_path / "out", progress=log)
    assert (result.pixels, result.valid_percent) == (0, 0)
    assert any(text.startswith("Not one pixel is valid, so there is nothing to cluster") for text in log.notes)


# --- refusal and cancel ----------------------------------------------------------------------------------------------


def test_what_is_refused(one, tmp_path):
    with pytest.raises(ParameterError, match="BANDS chooses 11 bands"):
        audit_of([one], tmp_path / "out", roles=EVERY_ROLE[:11])
    (one / f"{one.name}_SR_B5.TIF").unlink()
    with pytest.raises(SceneError, match=r"SR_B5.TIF is missing .*leave nir out of BANDS"):
        audit_of([one], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_cancel_or_damage_leaves_everything_as_it_was(one, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "audit.csv").write_text("earlier")
    before = listing(tmp_path)
    with pytest.raises(Cancelled):
        audit_of([one], tmp_path / "out", progress=Recorder(lambda log: log.fractions))
    assert listing(tmp_path) == before
    band = one / f"{one.name}_QA_PIXEL.TIF"
    band.write_bytes(band.read_bytes()[:-20])
    with pytest.raises(SceneError, match="QA_PIXEL"):
        audit_of([one], tmp_path / "out")
    assert (tmp_path / "out" / "audit.csv").read_text() == "earlier"
