"""What a window says: fields by their captions, pages by their tool and folder. Scripts get the names they know."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

from qgis.core import (
    QgsApplication,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
)
from tiny_series import NEWEST, OLDEST, write_tiny

pytestmark = pytest.mark.qgis


def answer(algorithm, **values):
    good, text = algorithm.checkParameterValues(values, QgsProcessingContext())
    assert not good
    return text


@pytest.fixture
def spoken(cluster, a_window):
    return cluster.spoken


class TestFields:
    def test_a_window_names_the_field(self, cluster, a_window, tiny):
        text = answer(cluster, SCENES=[str(tiny)], K=300)
        assert text.startswith("'Number of classes' is 300; ")

    def test_a_script_names_the_parameter(self, cluster, tiny):
        assert answer(cluster, SCENES=[str(tiny)], K=300).startswith("K is 300; ")

    def test_the_engine_s_words_too(self, cluster, a_window, tmp_path):
        folder = write_tiny(tmp_path / "scenes", [NEWEST], qa=False)
        text = answer(cluster, SCENES=[str(folder)], OUTPUT=str(tmp_path / "out"))
        assert "'Mask out'" in text
        assert f"{NEWEST}_QA_PIXEL" in text
        assert "MASK" not in text

    def test_a_run_that_fails(self, cluster, a_window, tmp_path):
        """In the log of the dialog, where the check does not come first, as in the batch table."""
        feedback = QgsProcessingFeedback(False)
        values = {"SCENES": [str(tmp_path / "gone")], "K": 3, "OUTPUT": str(tmp_path / "out")}
        with pytest.raises(QgsProcessingException, match=r"^'Scenes': .*gone does not exist"):
            cluster.create().run(values, QgsProcessingContext(), feedback, catchExceptions=False)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("SCENES: no.", "'Scenes': no."),
            ("choose fewer flags in MASK or other scenes.", "choose fewer flags in 'Mask out' or other scenes."),
            ("fewer threads (WORKERS) or", "fewer threads ('Threads') or"),
            ("OUTPUT.", "'Output folder'."),
            ("K, MASK and AOI", "'Number of classes', 'Mask out' and 'Area of interest'"),
            # Names that only look like a parameter's.
            ("QA_PIXEL of K_MIN, MASK_X", "QA_PIXEL of K_MIN, MASK_X"),
            ("/data/K/MASK and /data/MASK.tif", "/data/K/MASK and /data/MASK.tif"),
            (r"C:\K\MASK and K:\data", r"C:\K\MASK and K:\data"),
            ("MASK.tif is no band", "MASK.tif is no band"),
            ("K is 'MASK'", "'Number of classes' is 'MASK'"),
        ],
    )
    def test_what_is_a_name(self, spoken, text, said):
        assert spoken(text) == said


class TestPages:
    def test_a_page_is_called_after_its_tool_and_folder(self, cluster, a_window, tiny, tmp_path, context):
        for folder in ("classes", "again"):  # twice from one dialog
            values = {"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(tmp_path / folder)}
            assert cluster.checkParameterValues(values, context) == (True, "")
            assert cluster.outputDefinition("REPORT").description() == f"Report: Cluster, {folder}"
        values["OUTPUT"] = QgsProcessing.TEMPORARY_OUTPUT
        assert cluster.checkParameterValues(values, context) == (True, "")
        assert cluster.outputDefinition("REPORT").description() == "Report: Cluster, temporary"
        # Models and other dialogs have algorithms of their own.
        assert cluster.create().outputDefinition("REPORT").description() == "Report"

    def test_a_page_in_a_file_of_its_own(self, plugin, a_window, tiny, tmp_path, context):
        suggestk = QgsApplication.processingRegistry().createAlgorithmById("iikmc:suggestk")
        values = {"SCENES": [str(tiny / OLDEST)], "REPORT": str(tmp_path / "advice.html")}
        assert suggestk.checkParameterValues(values, context) == (True, "")
        assert suggestk.outputDefinition("REPORT").description().endswith(": Suggestk, advice.html")

    def test_scripts_do_not_notice(self, cluster, tiny, tmp_path, context):
        values = {"SCENES": [str(tiny)], "K": 3, "OUTPUT": str(tmp_path / "out")}
        assert cluster.checkParameterValues(values, context) == (True, "")
        assert cluster.outputDefinition("REPORT").description() == "Report"
