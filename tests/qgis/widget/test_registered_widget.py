"""The list of scenes as QGIS 4 makes it, by its registry of widgets, which QGIS 3.40 and 3.44 know, too."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
)
from qgis.gui import QgsGui, QgsMessageBar, QgsProcessingModelerParameterWidget
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QDialog

pytestmark = pytest.mark.qgis


class Dialog(QDialog):
    """What the panels of Processing's dialogs need of their parent."""

    def __init__(self):
        super().__init__()
        self.bar = QgsMessageBar(self)

    def messageBar(self):
        return self.bar


class BatchAlgorithmDialog(Dialog):
    pass


@pytest.fixture
def registered(plugin, monkeypatch):
    """The plugin's algorithms as in QGIS 4, whichever QGIS this is."""
    from iikmc.algorithms.scenes_widget import registered
    from processing.gui import BatchPanel, ParametersPanel

    for module in (BatchPanel, ParametersPanel):
        monkeypatch.setattr(module, "iface", None)
    factory = registered.register()
    if factory is None:
        pytest.skip("this QGIS takes no widget of Python's from its registry")
    yield QgsApplication.processingRegistry()
    registered.unregister(factory)


def test_the_dialog_shows_the_list_and_reads_it(registered, tmp_path):
    from iikmc.algorithms.scenes_widget.panel import ScenesPanel
    from processing.gui.ParametersPanel import ParametersPanel

    dialog = Dialog()
    panel = ParametersPanel(dialog, registered.createAlgorithmById("iikmc:cluster"))
    wrapper = panel.wrappers["SCENES"]
    assert isinstance(wrapper.wrappedWidget(), ScenesPanel)
    assert wrapper.wrappedLabel().text() == "Scenes"
    assert wrapper.parameterValue() is None
    heard = []
    wrapper.widgetValueHasChanged.connect(heard.append)
    panel.setParameters({"SCENES": ["/data/a", "/data/b"], "K": 5, "OUTPUT": str(tmp_path)})
    assert heard
    values = panel.createProcessingParameters()
    assert (values["SCENES"], values["K"]) == (["/data/a", "/data/b"], 5)
    wrapper.wrappedWidget().remove_all()
    assert wrapper.parameterValue() is None
    # The hint asks the dialog's other widgets.
    assert wrapper._question(("/data/a",)).paths == ("/data/a",)
    assert set(wrapper._others) >= {"K", "BANDS"}
    sip.delete(dialog)


def test_a_cell_of_the_batch_table_is_a_line(registered):
    from iikmc.algorithms.scenes_widget.line import ScenesLine
    from processing.gui.BatchPanel import BatchPanel

    dialog = BatchAlgorithmDialog()
    panel = BatchPanel(dialog, registered.createAlgorithmById("iikmc:cluster"))
    wrapper = panel.wrappers[0][panel.parameter_to_column["SCENES"]]
    assert isinstance(wrapper.wrappedWidget(), ScenesLine)
    wrapper.setParameterValue(["/data/a", "/data/b c"], QgsProcessingContext())
    assert wrapper.parameterValue() == ["/data/a", "/data/b c"]
    sip.delete(dialog)


def test_the_model_designer_keeps_its_own_widget(registered):
    context, model = QgsProcessingContext(), QgsProcessingModelAlgorithm()
    child = QgsProcessingModelChildAlgorithm("iikmc:cluster")
    child.setChildId("step")
    model.addChildAlgorithm(child)
    algorithm = registered.createAlgorithmById("iikmc:cluster")
    definition = algorithm.parameterDefinition("SCENES")
    widget = QgsGui.processingGuiRegistry().createModelerParameterWidget(model, "step", definition, context)
    assert type(widget) is QgsProcessingModelerParameterWidget
    assert widget.parameterDefinition().name() == "SCENES"
    sip.delete(widget)


def test_the_plugin_registers_it_where_qgis_needs_it(plugin, monkeypatch):
    from iikmc.algorithms.scenes_widget import registered
    from iikmc.iikmc_plugin import plugin as module

    steps = []
    monkeypatch.setattr(module, "_REGISTERS", Qgis.QGIS_VERSION_INT)
    monkeypatch.setattr(registered, "register", lambda: steps.append("register") or "the factory")
    monkeypatch.setattr(registered, "unregister", steps.append)
    another = module.IIkMCPlugin(None)
    monkeypatch.setattr(another, "initProcessing", lambda: steps.append("provider"))
    another.initGui()
    another.unload()
    assert steps == ["register", "provider", "the factory"]


def test_without_it_all_is_as_before(plugin):
    from iikmc.algorithms.scenes_widget import registered

    def asked():
        algorithm = QgsApplication.processingRegistry().createAlgorithmById("iikmc:cluster")
        return algorithm.parameterDefinition("SCENES").metadata()["widget_wrapper"]

    before = asked()
    assert set(before) == {"class"}
    factory = registered.register()
    assert asked() == (before if factory is None else {"widget_type": registered.WIDGET_TYPE})
    if factory is not None:
        registered.unregister(factory)
    assert asked() == before
    # QGIS takes one factory of a name, so that the one before is gone.
    again = registered.register()
    assert (again is None) == (factory is None)
    if again is not None:
        registered.unregister(again)
