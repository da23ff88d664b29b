"""A glance at some blocks of a scene: what is opened and read, and what is told of its values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from iikmc.engine.errors import Cancelled
from iikmc.engine.estimates import preview
from iikmc.engine.estimates.preview import glance, valid_share
from iikmc.engine.pixels import planes
from iikmc.engine.progress import Silent
from iikmc.engine.scenes.check import check_series
from iikmc.engine.scenes.search import find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from tiny import ROLES

CLEAR, CLOUDY = 21824, 21824 | 8
ALL = Selection(ROLES, MaskRule(("cloud",), True))
OUTSIDE = "% of the valid pixels looked at lie outside DN 7273-43636 (reflectance 0 to 1) in the blue band, most are"


def checked(folder):
    [found] = check_series(find_scenes([folder]).scenes, Selection(ROLES, MaskRule((), True)))
    return found


@pytest.fixture
def read(monkeypatch):
    """Record which files are opened and how many windows of each are read."""
    counts = {}
    opened, planes_read = preview.open_file, planes.read_planes

    def open_file(scene, path):
        name = Path(path).stem.partition("_T1_")[2]
        assert name not in counts
        counts[name] = 0
        return opened(scene, path)

    def read_planes(dataset, *arguments, **options):
        counts[Path(dataset.name).stem.partition("_T1_")[2]] += 1
        return planes_read(dataset, *arguments, **options)

    monkeypatch.setattr(preview, "open_file", open_file)
    monkeypatch.setattr(planes, "read_planes", read_planes)
    return counts


def test_valid_pixels_alone_count(scene):
    # Of 600 pixels 200 are cloud, of the other 400 210 are out of range: 52.5 %.
    dn = np.full((20, 30), 9000)
    qa = np.full((20, 30), CLEAR)
    qa[:, :10] = CLOUDY
    dn[:, :10] = 500
    dn[:, 10:20] = 600
    dn[:10, 20] = 600
    found = checked(scene(dn, qa=qa))
    seen = glance(found, ALL, Silent())
    assert seen.share == valid_share(found, ALL) == 400 / 600
    assert seen.doubt.startswith(f"52.5 {OUTSIDE} 10000 or less")


def test_exactly_half_is_no_doubt(scene):
    dn = np.full((20, 30), 9000)
    dn[:10] = 600
    assert glance(checked(scene(dn)), ALL, Silent()).doubt is None


def test_no_valid_pixel_is_no_doubt(scene):
    found = checked(scene(np.full((20, 30), 500), qa=np.full((20, 30), CLOUDY)))
    assert glance(found, ALL, Silent()) == preview.Glance(0.0, None)


def test_without_qa_pixel_one_file_is_opened(scene, read):
    dn = np.full((20, 30), 1)
    dn[:, :6] = 0
    seen = glance(checked(scene(dn, qa=None)), ALL, Silent())
    assert seen.share == 24 / 30
    assert seen.doubt.startswith(f"100.0 {OUTSIDE} 0 or 1")
    assert list(read) == ["SR_B2"]


def test_of_a_large_scene_nine_blocks_of_one_band_are_read_where_there_is_something_valid(scene, read):
    # 40 x 40 tiles of which the left 30 columns are cloud: of the 100 that QA_PIXEL is read in, 30 have valid pixels.
    qa = np.full((640, 640), CLEAR)
    qa[:, :480] = CLOUDY
    dn = np.full((640, 640), 20000)
    dn[:, 480:] = 50000
    seen = glance(checked(scene(dn, qa=qa, tile=16)), ALL, Silent())
    assert seen.share == pytest.approx(0.3)
    assert seen.doubt.startswith("100.0 % of the valid pixels looked at")
    assert read == {"QA_PIXEL": 109, "SR_B2": 9}


@pytest.mark.parametrize(("name", "share"), [("SR_B2", 0.5), ("QA_PIXEL", 1.0)])
def test_a_damaged_file_is_left_to_the_run(scene, name, share):
    qa = np.full((20, 30), CLEAR)
    qa[:10] = CLOUDY
    folder = scene(np.full((20, 30), 500), qa=qa)
    found = checked(folder)
    [path] = folder.glob(f"*_{name}.TIF")
    path.write_bytes(path.read_bytes()[:300])
    assert glance(found, ALL, Silent()) == preview.Glance(share, None)


@pytest.mark.parametrize("times", range(4))
def test_a_cancel_is_seen_between_blocks(scene, read, times):
    class Later(Silent):
        asked = 0

        def cancelled(self):
            self.asked += 1
            return self.asked > times

    found = checked(scene(np.full((640, 640), 500), qa=np.full((640, 640), CLEAR), tile=16))
    with pytest.raises(Cancelled):
        glance(found, ALL, Later())
    assert read.get("SR_B2", 0) == max(times - 1, 0)
