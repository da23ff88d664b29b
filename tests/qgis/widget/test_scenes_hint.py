"""The hint below the list of scenes: its words, and that the window stays alive while it is looked for."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

import rasterio
from qgis.core import QgsProcessingContext
from qgis.gui import QgsMessageBar
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QEvent, QTimer
from qgis.PyQt.QtWidgets import (
    QApplication,
    QDialog,
    QLabel,
    QProgressDialog,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from tiny_series import MIDST, NEWEST, OLDEST, file_of, write_tiny

pytestmark = pytest.mark.qgis


def wait_for(condition, seconds=10):
    """Let the window work until `condition` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        QApplication.processEvents()
        time.sleep(0.005)


def plain(hint):
    """Return the hint's text without the marks where it may be broken."""
    return hint.text.text().replace("\u200b", "")


def answers_of(hint):
    found = []
    hint.answered.connect(found.append)
    return found


def told(hint, question):
    """Return the text that answers a question."""
    found = answers_of(hint)
    hint.ask(question)
    wait_for(lambda: found)
    return plain(hint)


@pytest.fixture
def no_runs(monkeypatch):
    from iikmc.engine.estimates import rates

    monkeypatch.setattr(rates, "recall", lambda: [])


@pytest.fixture
def hint(qgis_app):
    from iikmc.algorithms.scenes_widget.hint import ScenesHint

    return ScenesHint()


def question(*paths, **wanted):
    from iikmc.algorithms.scenes_widget.look import Question, Wanted

    plan = wanted.pop("plan", None)
    return Question(tuple(map(str, paths)), Wanted(**wanted), plan)


class TestRoom:
    """In a scroll area with other fields below, as in the dialog."""

    @pytest.fixture
    def form(self, qgis_app):
        from iikmc.algorithms.scenes_widget.panel import ScenesPanel

        area, content = QScrollArea(), QWidget()
        area.setWidgetResizable(True)
        area.setWidget(content)
        layout = QVBoxLayout(content)
        area.panel, area.below = ScenesPanel(), QLabel("Number of classes")
        layout.addWidget(area.panel)
        layout.addWidget(area.below)
        layout.addStretch()
        area.resize(380, 300)
        area.show()
        return area

    @staticmethod
    def settle():
        for _ in range(20):
            QApplication.processEvents()

    def hole(self, form):
        self.settle()
        text = form.panel.hint.text
        return form.below.y() - text.mapTo(form.widget(), text.rect().bottomLeft()).y()

    def test_there_is_no_hole_below_a_hint_that_shrinks(self, form):
        hint = form.panel.hint
        hint._say("Short")
        usual, low = self.hole(form), hint.text.height()
        hint._say("Many words about scenes. " * 20, problem=True)
        assert self.hole(form) == usual
        assert hint.text.height() > 3 * low
        hint._say("Short")
        assert self.hole(form) == usual
        assert hint.text.height() == low

    def test_nor_where_the_dialog_becomes_wider(self, form):
        hint = form.panel.hint
        hint._say("Many words about scenes. " * 20)
        usual, high = self.hole(form), hint.text.height()
        form.resize(1400, 900)
        assert self.hole(form) == usual
        assert hint.text.height() < high / 2

    def test_the_list_has_the_room_of_a_tall_dialog(self, form):
        self.settle()
        before = form.panel.list.height()
        form.resize(380, 1200)
        self.settle()
        assert form.panel.list.height() > before + 500


class TestWords:
    def test_the_real_scenes(self, hint, real_scenes, no_runs):
        from iikmc.algorithms.scenes_widget.look import Plan

        bands = ("blue", "green", "red", "nir", "swir1", "swir2")
        text = told(hint, question(real_scenes, bands=bands, flags=(), plan=Plan(8)))
        size = sum(path.stat().st_size for path in real_scenes.rglob("L*_02_T*_*") if path.is_file())
        first, second = text.splitlines()
        assert (
            first == f"6 scenes: 4 Landsat 8, 1 Landsat 7, 1 Landsat 5; 1998-03-08 to 2021-03-31; {size / 1e6:.0f} MB"
        )
        assert second == (
            "Estimate: 1.4 million of 1.5 million pixels valid; 21 MB of memory, which fits; rasters of at most 2.0 "
            "MB; the time can be told after a run of a million pixels or more on this computer."
        )
        assert not hint.icon.isVisibleTo(hint)

    def test_one_scene_and_no_estimate_where_none_can_be_given(self, hint, tiny):
        size = sum(path.stat().st_size for path in (tiny / NEWEST).iterdir())
        text = told(hint, question(tiny / NEWEST))
        assert text == f"1 scene: Landsat 8; 2022-05-11; {max(size / 1e6, 0.1):.1f} MB"

    def test_scenes_of_one_satellite(self, hint, real_scenes):
        text = told(hint, question(*real_scenes.glob("*218074*")))
        assert text.startswith("2 scenes: Landsat 8; 2019-01-14 to 2019-01-30; ")

    def test_valid_pixels_without_a_plan(self, hint, tiny):
        # 3 x 120 pixels; QA_PIXEL leaves out a cloud and a fill, a shadow and a cirrus; what only DN 0 or QA_RADSAT
        # tell is not looked for.
        text = told(hint, question(tiny, flags=("cloud", "cirrus", "cloud shadow")))
        assert text.splitlines()[1] == "Estimate: 360 of 360 pixels valid."  # 356, to two digits
        text = told(hint, question(tiny / OLDEST, flags=("snow or ice",)))
        assert text.splitlines()[1] == "Estimate: 120 of 120 pixels valid."  # 117

    def test_what_was_left_out(self, hint, tiny, tmp_path):
        shutil.copytree(tiny / NEWEST, tmp_path / NEWEST)
        text = told(hint, question(tiny, tmp_path / NEWEST))
        note = f"Left out: {NEWEST} in "
        assert text.splitlines()[1].startswith(note)
        shutil.copytree(tiny / OLDEST, tmp_path / OLDEST)
        text = told(hint, question(tiny, tmp_path))
        assert text.splitlines()[1].startswith("2 notes, all of them in the tool tip. Left out: ")
        assert len(hint.text.toolTip().splitlines()) == 2

    def test_time_spill_and_area(self, hint, real_scenes, monkeypatch):
        from iikmc.algorithms.scenes_widget.look import Plan
        from iikmc.engine.estimates import estimate, rates

        # One thread, 1 us a value, 2 us a pixel, 10 ns a pixel, class and band; 1 002 001 pixels of 2 bands without
        # QA_PIXEL: 2.0 + 2.0 + 10 iterations of 0.8 + 0.3 s for the rest.
        run = rates.Run("numba", 1, 40, 2, 10**6, 2 * 10**6, 10**6, 10, 2.0, 8.0, 2.0, 0.3)
        monkeypatch.setattr(rates, "recall", lambda: [run])
        monkeypatch.setattr(estimate, "spill_parent", lambda _: Path("/"))
        plan = Plan(40, workers=1, memory=4, has_area=True)
        text = told(hint, question(*real_scenes.glob("*043024*"), bands=("red", "nir"), flags=(), plan=plan))
        # 4 bytes of DN and 3.125 beside: 7.1 MB in all; 4 - 3.1 MB are left for 4.0 MB of DN.
        assert text.splitlines()[1] == (
            "Estimate: 1.0 million of 1.0 million pixels valid (without the area of interest); 7.1 MB of memory, of "
            "which 3.1 MB go to temporary files in /; rasters of at most 1.3 MB; 10 s for 10 iterations, judged by "
            "earlier runs on this computer."
        )


class TestDoubts:
    """Scenes whose values are not those of Collection 2."""

    @pytest.fixture
    def rescaled(self, tmp_path):
        # Reflectance x 10000: 200, 1850 and 3500.
        write_tiny(tmp_path)
        for scene_id in (MIDST, OLDEST):
            for path in (tmp_path / scene_id).glob("*_SR_B*.TIF"):
                with rasterio.open(path, "r+") as band:
                    values = band.read(1)
                    band.write((values * 0.275 - 2000).clip(1).astype("uint16"), 1)
        return tmp_path

    def test_one_scene_is_named_with_its_share_and_looks(self, hint, rescaled):
        asked = question(rescaled / NEWEST, rescaled / MIDST, bands=("red", "nir"), flags=("cloud",))
        *_, warning = told(hint, asked).splitlines()
        assert warning == (
            "2010-06-15 LE07 190027: 100.0 % of the valid pixels looked at lie outside DN 7273-43636 (reflectance 0 to "
            "1) in the red band, most are 10000 or less: this looks like reflectance x 10000, the scaling of "
            "Collection 1. Use the files as USGS delivers them, or leave the scene out; it is taken as it is."
        )
        assert hint.icon.isVisibleTo(hint)
        assert hint.text.toolTip() == warning

    def test_several_are_counted(self, hint, rescaled):
        *_, line = told(hint, question(rescaled, bands=("nir",), flags=())).splitlines()
        assert line.startswith("2 doubtful scenes, all of them in the tool tip. 1995-07-01 LT05 193027: 100.0 % of ")
        assert [tip[:10] for tip in hint.text.toolTip().splitlines()] == ["1995-07-01", "2010-06-15"]

    def test_no_band_is_looked_at_where_no_mask_is_known(self, hint, rescaled):
        assert "outside DN" not in told(hint, question(rescaled))
        assert not hint.icon.isVisibleTo(hint)

    def test_the_dialog_tells_it(self, dialog_of, rescaled):
        for name in ("iikmc:cluster", "iikmc:audit", "iikmc:classify", "iikmc:suggestk"):
            panel = dialog_of(name)
            hint = panel.wrappers["SCENES"].widget.hint
            panel.wrappers["SCENES"].setParameterValue([str(rescaled / OLDEST)], QgsProcessingContext())
            wait_for(lambda hint=hint: "this looks like reflectance x 10000" in plain(hint))


class TestProblems:
    def test_no_scene(self, hint, tmp_path):
        text = told(hint, question(tmp_path))
        assert text.startswith(f"SCENES: the folder {tmp_path} holds no scene that can be clustered; expected ")
        assert hint.icon.isVisibleTo(hint)
        assert hint.text.toolTip() == text

    def test_a_missing_band_beside_what_was_found(self, hint, tmp_path):
        write_tiny(tmp_path)
        file_of(tmp_path, MIDST, "SR_B4").unlink()
        first, second = told(hint, question(tmp_path, bands=("red", "nir"), flags=())).splitlines()
        assert first.startswith("3 scenes: 1 Landsat 8, 1 Landsat 7, 1 Landsat 5; 1995-07-01 to 2022-05-11; ")
        assert second.startswith(f"Scene {MIDST}: the nir band file {MIDST}_SR_B4.TIF is missing in ")
        assert hint.icon.isVisibleTo(hint)
        assert len(told(hint, question(tmp_path, bands=("red",), flags=())).splitlines()) == 2
        assert not hint.icon.isVisibleTo(hint)

    def test_an_older_product_that_is_whole_is_told(self, hint, tmp_path):
        newer = NEWEST.replace(NEWEST.split("_")[4], "20300101")
        write_tiny(tmp_path, ids=[NEWEST])
        shutil.copytree(tmp_path / NEWEST, tmp_path / newer)
        for path in list((tmp_path / newer).iterdir()):
            path.rename(path.with_name(path.name.replace(NEWEST, newer)))
        for path in (tmp_path / newer).glob("*_MTL.*"):
            path.unlink()
        file_of(tmp_path, newer, "SR_B4").unlink()
        text = told(hint, question(tmp_path, bands=("red",), flags=()))
        assert "2 notes, all of them in the tool tip. " in text
        assert f"{NEWEST} in {tmp_path / NEWEST} is used after all" in hint.text.toolTip()
        assert not hint.icon.isVisibleTo(hint)

    def test_a_mended_scene_is_looked_at_again(self, hint, tmp_path):
        write_tiny(tmp_path)
        file = file_of(tmp_path, MIDST, "SR_B4")
        content = file.read_bytes()
        file.unlink()
        assert "is missing" in told(hint, question(tmp_path, flags=(), bands=("nir",)))
        file.write_bytes(content)
        hint.ask(question())
        assert "is missing" not in told(hint, question(tmp_path, flags=(), bands=("nir",)))

    def test_qa_pixel_is_missed_only_where_it_is_needed(self, hint, tmp_path):
        write_tiny(tmp_path, ids=[NEWEST], qa=False)
        assert "QA_PIXEL.TIF is missing in" in told(hint, question(tmp_path, flags=("cloud",)))
        assert "missing" not in told(hint, question(tmp_path, flags=("cloud",), needs_flags=False))
        assert "missing" not in told(hint, question(tmp_path, flags=()))
        assert "missing" not in told(hint, question(tmp_path))

    def test_an_unreadable_folder(self, hint, tmp_path, monkeypatch):
        real = os.scandir

        def refuse(path):
            if str(path) == str(tmp_path):
                raise PermissionError(13, "Permission denied")
            return real(path)

        monkeypatch.setattr(os, "scandir", refuse)
        text = told(hint, question(tmp_path))
        assert text == f"SCENES: the folder {tmp_path} cannot be read (Permission denied); check its permissions."

    def test_a_missing_package_is_told(self, hint, tiny, monkeypatch):
        from iikmc.algorithms.shared import packages

        monkeypatch.setattr(packages, "import_problem", lambda: "IIkMC needs rasterio.")
        assert told(hint, question(tiny)) == "IIkMC needs rasterio."

    def test_an_error_of_ours_is_told_and_not_lost(self, qgis_app):
        from iikmc.algorithms.scenes_widget.hint import ScenesHint

        def broken(question, job):
            raise ZeroDivisionError("division by zero")

        text = told(ScenesHint(broken), question("/a"))
        assert text == "The scenes cannot be looked at: division by zero"

    def test_long_names_are_broken_and_no_line_is_lost(self, hint, qgis_app):
        name = "LC08_L2SP_218074_20190114_20200829_02_T1"
        hint.resize(200, 50)
        hint.show()
        told(hint, question(f"/data/{name}/{name}"))
        qgis_app.processEvents()
        metrics = hint.text.fontMetrics()
        longest = max(hint.text.text().replace("\u200b", " ").split(), key=metrics.horizontalAdvance)
        assert metrics.horizontalAdvance(longest) <= hint.text.width()
        assert hint.text.height() >= hint.text.heightForWidth(hint.text.width())


class Gate:
    """A look at the scenes that takes until it is let go."""

    def __init__(self):
        self.asked = []
        self.cancelled = []
        self.open = threading.Event()

    def __call__(self, question, job):
        from iikmc.algorithms.scenes_widget.look import Answer

        self.asked.append(question.paths)
        while not self.open.wait(0.005):
            if job.cancelled():
                self.cancelled.append(question.paths)
        return Answer(problem=" ".join(question.paths))


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture
def slow(qgis_app, gate):
    from iikmc.algorithms.scenes_widget.hint import ScenesHint

    return ScenesHint(gate)


class TestSlowDisk:
    def test_the_window_stays_alive(self, slow, gate):
        ticks = []
        timer = QTimer()
        timer.timeout.connect(lambda: ticks.append(time.monotonic()))
        timer.start(10)
        slow.ask(question("/a"))
        assert plain(slow) == "Looking at the scenes…"
        wait_for(lambda: gate.asked)
        ticks.clear()
        wait_for(lambda: len(ticks) > 30)
        assert max(b - a for a, b in zip(ticks, ticks[1:])) < 0.5
        assert plain(slow) == "Looking at the scenes…"
        gate.open.set()
        wait_for(lambda: plain(slow) == "/a")

    def test_the_last_question_counts(self, slow, gate):
        found = answers_of(slow)
        slow.ask(question("/a"))
        wait_for(lambda: gate.asked == [("/a",)])
        slow.ask(question("/b"))
        wait_for(lambda: gate.asked == [("/a",), ("/b",)])
        wait_for(lambda: ("/a",) in gate.cancelled)
        assert ("/b",) not in gate.cancelled
        gate.open.set()
        wait_for(lambda: found)
        time.sleep(0.1)
        QApplication.processEvents()
        assert [answer.problem for answer in found] == ["/b"]
        assert plain(slow) == "/b"

    def test_changes_in_a_row_are_one_question(self, slow, gate):
        for name in "abcdef":
            slow.ask(question(f"/{name}"))
        gate.open.set()
        wait_for(lambda: plain(slow) == "/f")
        assert gate.asked == [("/f",)]

    def test_an_emptied_list_ends_the_search(self, slow, gate):
        found = answers_of(slow)
        slow.ask(question("/a"))
        wait_for(lambda: gate.asked)
        slow.ask(question())
        assert plain(slow) == ""
        assert not slow.isVisibleTo(None)
        wait_for(lambda: gate.cancelled)
        gate.open.set()
        time.sleep(0.1)
        QApplication.processEvents()
        assert found == []

    def test_how_far_it_is(self, qgis_app, gate):
        from iikmc.algorithms.scenes_widget.hint import ScenesHint

        def look(question, job):
            job.report(0.25)
            return gate(question, job)

        hint = ScenesHint(look)
        hint.ask(question("/a"))
        wait_for(lambda: plain(hint) == "Looking at the scenes… 25%")

    @pytest.mark.parametrize("way", ["close", "delete", "forget"])
    def test_a_dialog_closed_meanwhile(self, qgis_app, gate, way):
        from iikmc.algorithms.scenes_widget.hint import ScenesHint

        dialog = QDialog()
        hint = ScenesHint(gate)
        QVBoxLayout(dialog).addWidget(hint)
        dialog.show()
        hint.ask(question("/a"))
        wait_for(lambda: gate.asked)
        if way == "close":
            dialog.close()
        elif way == "delete":
            dialog.deleteLater()
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        del dialog, hint
        gc.collect()
        if way != "close":
            wait_for(lambda: gate.cancelled)
        gate.open.set()
        for _ in range(20):
            QApplication.processEvents()
            time.sleep(0.01)

    def test_a_dialog_collected_while_the_look_begins(self, qgis_app, gate, monkeypatch):
        from iikmc.algorithms.scenes_widget import hint

        started = []

        def start(work, owner):
            # What Python's garbage collector does in any thread to a dialog that nobody holds.
            sip.delete(owner)
            started.append(work)

        monkeypatch.setattr(hint, "Job", start)
        raised = []
        monkeypatch.setattr(sys, "excepthook", lambda *error: raised.append(error))
        hint = hint.ScenesHint(gate)
        hint.ask(question("/a"))
        wait_for(lambda: started)
        QApplication.processEvents()
        assert raised == []

    def test_adding_paths_asks_no_disk(self, qgis_app, monkeypatch):
        from iikmc.algorithms.scenes_widget.panel import ScenesPanel

        main = threading.get_ident()
        asked = []
        for name in ("stat", "scandir", "listdir"):
            real = getattr(os, name)

            def watch(*arguments, real=real, **options):
                if threading.get_ident() == main and "/data/" in str(arguments[0]):
                    asked.append(arguments[0])
                return real(*arguments, **options)

            monkeypatch.setattr(os, name, watch)
        panel = ScenesPanel()
        found = answers_of(panel.hint)
        panel.setPaths(["/data/a", "/data/b.tar"])
        wait_for(lambda: found)
        assert found[0].gone == ("/data/a", "/data/b.tar")
        assert asked == []
        assert panel.list.topLevelItem(0).toolTip(0) == "/data/a was not found"

    def test_the_search_of_a_slow_folder_can_be_cancelled(self, qgis_app, monkeypatch, tmp_path):
        from iikmc.algorithms.scenes_widget import panel
        from iikmc.engine.scenes import walk

        for number in range(200):
            (tmp_path / str(number)).mkdir()
        listed, real = [], walk.folder

        def slow(path):
            listed.append(path)
            time.sleep(0.02)
            return real(path)

        monkeypatch.setattr(walk, "folder", slow)
        shown = panel.ScenesPanel()
        shown.show()
        QTimer.singleShot(1000, lambda: shown.findChild(QProgressDialog).cancel())
        shown.add_every_scene(str(tmp_path))
        assert 0 < len(listed) < 150
        assert shown.paths() == []
        assert shown.status.text() == ""


class AlgorithmDialog(QDialog):
    """What the panel of Processing's dialog needs of its parent, under the name Processing looks for."""

    def __init__(self):
        super().__init__()
        self.bar = QgsMessageBar(self)

    def messageBar(self):
        return self.bar


@pytest.fixture
def dialog_of(plugin, monkeypatch, no_runs):
    from processing.gui import ParametersPanel
    from qgis.core import QgsApplication

    monkeypatch.setattr(ParametersPanel, "iface", None)
    kept = []

    def make(name):
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(name)
        dialog = AlgorithmDialog()
        panel = ParametersPanel.ParametersPanel(dialog, algorithm)
        kept.extend((dialog, algorithm))
        return panel

    return make


class TestDialog:
    """The hint listens to the dialog's other widgets."""

    def set(self, panel, name, value):
        panel.wrappers[name].setParameterValue(value, QgsProcessingContext())

    def scenes(self, panel):
        return panel.wrappers["SCENES"].widget

    def test_bands_mask_and_memory_change_the_estimate(self, dialog_of, real_scenes):
        panel = dialog_of("iikmc:cluster")
        hint = self.scenes(panel).hint
        self.set(panel, "SCENES", [str(path) for path in real_scenes.glob("*_005009_*")])
        # 262 144 pixels; 15.125 bytes for each of the valid ones, 7.125 with two bands.
        wait_for(lambda: "54,000 of 260,000 pixels valid; 0.8 MB of memory" in plain(hint))
        self.set(panel, "MASK", [])
        wait_for(lambda: "140,000 of 260,000 pixels valid; 2.1 MB of memory, which fits" in plain(hint))
        self.set(panel, "BANDS", [2, 3])
        wait_for(lambda: "pixels valid; 1.0 MB of memory, which fits" in plain(hint))
        self.set(panel, "BANDS", [])
        # Those that all scenes have: the six.
        wait_for(lambda: "pixels valid; 2.1 MB of memory, which fits" in plain(hint))
        self.set(panel, "BANDS", [2, 9])
        wait_for(lambda: "has no rededge1 band" in plain(hint))

    def test_a_list_that_outlives_its_algorithm_asks_it_nothing(self, dialog_of, monkeypatch):
        """Garbage of a dialog may hear of a project's layers; the algorithm's place in memory is not its own then."""
        from iikmc.algorithms.scenes_widget.look import Question

        wrapper = dialog_of("iikmc:cluster").wrappers["SCENES"]
        assert wrapper._question(("a",)) != Question(("a",))
        monkeypatch.setattr("qgis.PyQt.sip.isdeleted", lambda one: one is wrapper._algorithm)
        assert wrapper._question(("a",)) == Question(("a",))

    def test_scenes_on_their_own_need_the_memory_of_one(self, dialog_of, real_scenes):
        panel = dialog_of("iikmc:cluster")
        hint = self.scenes(panel).hint
        self.set(panel, "MASK", [])
        self.set(panel, "SCENES", [str(path) for path in real_scenes.glob("*_218074_*")])
        # Two scenes of 120 000 pixels, 15.125 bytes each.
        wait_for(lambda: "240,000 of 240,000 pixels valid; 3.6 MB of memory" in plain(hint))
        self.set(panel, "MODE", 1)
        wait_for(lambda: "240,000 of 240,000 pixels valid; 1.8 MB of memory" in plain(hint))

    def test_classes_iterations_and_start_change_the_time(self, dialog_of, real_scenes, monkeypatch):
        from iikmc.engine.estimates import rates

        # All the time is in the iterations: 10 s for 10 iterations with 8 classes, 1 s for 1.
        run = rates.Run("numba", 1, 8, 6, 1_002_001, 1, 1_001_992, 10, 0.0, 10.0, 0.0, 0.0)
        monkeypatch.setattr(rates, "recall", lambda: [run])
        panel = dialog_of("iikmc:cluster")
        hint = self.scenes(panel).hint
        self.set(panel, "WORKERS", 1)
        self.set(panel, "MASK", [])
        self.set(panel, "SCENES", [str(path) for path in real_scenes.glob("*_043024_*")])
        wait_for(lambda: "; 10 s for 10 iterations" in plain(hint))
        self.set(panel, "K", 32)
        wait_for(lambda: "; 40 s for 10 iterations" in plain(hint))
        self.set(panel, "INIT", 4)
        wait_for(lambda: "; 10 s for 3 iterations" in plain(hint))
        self.set(panel, "MAX_ITERATIONS", 2)
        wait_for(lambda: "; 8 s for 2 iterations" in plain(hint))

    def test_only_the_scenes_are_looked_at_again_that_must_be(self, dialog_of, tiny, monkeypatch):
        from iikmc.engine.scenes import search

        looked = []
        real = search.find_scenes

        def count(paths, *others):
            if paths == (str(tiny),):
                looked.append(paths)
            return real(paths, *others)

        monkeypatch.setattr(search, "find_scenes", count)
        panel = dialog_of("iikmc:cluster")
        found = answers_of(self.scenes(panel).hint)
        self.set(panel, "SCENES", [str(tiny)])
        wait_for(lambda: len(found) == 1)
        self.set(panel, "K", 9)
        wait_for(lambda: len(found) == 2)
        assert len(looked) == 1
        self.set(panel, "MASK", [2])
        wait_for(lambda: len(found) == 3)
        assert len(looked) == 2

    @pytest.mark.parametrize("name", ["iikmc:audit", "iikmc:classify", "iikmc:suggestk", "iikmc:benchmark"])
    def test_the_other_algorithms_tell_what_was_found(self, dialog_of, tiny, name):
        panel = dialog_of(name)
        hint = self.scenes(panel).hint
        self.set(panel, "SCENES", [str(tiny)])
        wait_for(lambda: plain(hint).startswith("3 scenes: 1 Landsat 8, 1 Landsat 7, 1 Landsat 5; 1995-07-01 to 2022"))
        assert "memory" not in plain(hint)

    def test_an_audit_takes_scenes_without_qa_pixel(self, dialog_of, tmp_path):
        write_tiny(tmp_path, ids=[NEWEST], qa=False)
        for name, missed in (("iikmc:audit", False), ("iikmc:classify", True), ("iikmc:cluster", True)):
            panel = dialog_of(name)
            found = answers_of(self.scenes(panel).hint)
            self.set(panel, "SCENES", [str(tmp_path)])
            wait_for(lambda found=found: found)
            assert ("QA_PIXEL.TIF is missing" in found[0].problem) is missed

    def test_a_value_that_is_none_leaves_the_hint_alive(self, dialog_of, tiny):
        panel = dialog_of("iikmc:cluster")
        hint = self.scenes(panel).hint
        self.set(panel, "K", None)
        self.set(panel, "AOI", None)
        self.set(panel, "SCENES", [str(tiny)])
        wait_for(lambda: plain(hint).startswith("3 scenes"))
