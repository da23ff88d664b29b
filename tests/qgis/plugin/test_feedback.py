"""FeedbackProgress: what the engine reports is what the user sees."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip("qgis.core")

from iikmc.algorithms.shared import feedback as feedback_module
from iikmc.algorithms.shared.feedback import FeedbackProgress
from iikmc.engine.errors import Cancelled
from iikmc.engine.progress import Span, check_cancelled
from qgis.core import QgsProcessingFeedback
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt.QtWidgets import QLabel, QTextEdit

pytestmark = pytest.mark.qgis


class Recorder(QgsProcessingFeedback):
    """Keeps what is shown, in order."""

    def __init__(self):
        super().__init__(False)
        self.shown = []
        self.progressChanged.connect(lambda percent: self.shown.append(("bar", round(percent, 6))))

    def setProgressText(self, text):
        self.shown.append(("stage", text))

    def pushInfo(self, text):
        self.shown.append(("info", text))

    def pushWarning(self, text):
        self.shown.append(("warning", text))


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    fake = Clock()
    monkeypatch.setattr(feedback_module, "time", fake)
    return fake


@pytest.fixture
def recorder(qgis_app):
    return Recorder()


def test_each_kind_of_message_reaches_its_place(recorder):
    progress = FeedbackProgress(recorder)
    progress.stage("Reading 3 scenes")
    progress.note("GPU: none")
    progress.warn("Scene A is mostly cloud")
    assert recorder.shown == [
        ("stage", "Reading 3 scenes"),
        ("info", "GPU: none"),
        ("warning", "Scene A is mostly cloud"),
    ]


def test_fraction_becomes_percent_within_bounds(recorder, clock):
    progress = FeedbackProgress(recorder)
    for fraction in (0.25, 1.7, -3.0):
        progress.report(fraction)
        clock.now += 1
    assert recorder.shown == [("bar", 25.0), ("bar", 100.0), ("bar", 0.0)]


def test_the_bar_moves_at_most_ten_times_a_second_and_ends_full(recorder, clock):
    progress = FeedbackProgress(recorder)
    for step in range(1, 1001):
        progress.report(step / 1000)
        clock.now += 0.001
    percents = [percent for _, percent in recorder.shown]
    assert percents == [0.1, 10.1, 20.1, 30.1, 40.1, 50.1, 60.1, 70.1, 80.1, 90.1, 100.0]


def test_what_was_held_back_is_shown_before_the_next_text(recorder, clock):
    progress = FeedbackProgress(recorder)
    progress.report(0.1)
    progress.report(0.2)
    progress.report(0.3)
    progress.stage("Writing")
    progress.note("done")
    assert recorder.shown == [("bar", 10.0), ("bar", 30.0), ("stage", "Writing"), ("info", "done")]


def test_a_span_fills_its_part_of_the_bar(recorder, clock):
    span = Span(FeedbackProgress(recorder), 0.5, 0.75)
    span.report(0.0)
    clock.now += 1
    span.report(1.0)
    assert recorder.shown == [("bar", 50.0), ("bar", 75.0)]


def test_a_cancel_is_seen_from_another_thread(recorder):
    progress = FeedbackProgress(recorder)
    answers = []

    def ask():
        answers.append(progress.cancelled())

    for _ in range(2):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        recorder.cancel()
    assert answers == [False, True]
    with pytest.raises(Cancelled):
        check_cancelled(progress)


def test_a_stage_shows_once_in_the_dialogs_log_and_once_above_its_bar(qgis_app):
    class Dialog(QgsProcessingAlgorithmDialogBase):
        pass

    dialog = Dialog()
    feedback = dialog.createFeedback()
    FeedbackProgress(feedback).stage("Iteration 3")
    qgis_app.processEvents()
    log = "\n".join(text.toPlainText() for text in dialog.findChildren(QTextEdit))
    labels = [label.text() for label in dialog.findChildren(QLabel)]
    assert log.count("Iteration 3") == 1
    assert labels.count("Iteration 3") == 1
    dialog.deleteLater()
