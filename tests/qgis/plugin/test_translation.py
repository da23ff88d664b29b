"""QGIS in German: the compiled files belong to their sources, and the plugin speaks the user's language."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")

from qgis.core import QgsApplication, QgsSettings
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import QCoreApplication, QLocale, QTranslator
from qgis.PyQt.QtWidgets import QDialog, QLabel, QPushButton

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[3]


def _tool():
    spec = importlib.util.spec_from_file_location("translations", ROOT / "tools" / "translations.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = _tool()
GERMAN = {text: entry.translation for text, entry in TOOL.read(ROOT / "i18n" / "iikmc_de.ts").items()}


@pytest.fixture
def translation(plugin):
    from iikmc.iikmc_plugin import translation

    return translation


def _provider():
    return QgsApplication.processingRegistry().providerById("iikmc")


def _algorithms():
    return {algorithm.name(): algorithm.create() for algorithm in _provider().algorithms()}


def _said(algorithm):
    """Return all that an algorithm says of itself now, name by name."""
    said = {
        "name": algorithm.displayName(),
        "short": algorithm.shortDescription(),
        "tags": ",".join(algorithm.tags()),
    }
    if algorithm.group():
        said["group"] = algorithm.group().partition(". ")[2]  # behind its number
    for number, line in enumerate(algorithm.shortHelpString().split("\n")):
        said[f"help {number}"] = line
    for parameter in algorithm.parameterDefinitions():
        said[parameter.name()] = parameter.description()
        said[f"{parameter.name()} help"] = parameter.help()
        for number, option in enumerate(parameter.options() if parameter.type() == "enum" else ()):
            said[f"{parameter.name()} {number}"] = option
    for output in algorithm.outputDefinitions():
        said[f"output {output.name()}"] = output.description()
    return said


def _held(algorithm):
    """Return what models, scripts and the history hold of an algorithm."""
    return (
        algorithm.id(),
        algorithm.groupId(),
        [(p.name(), p.type(), int(p.flags()), p.defaultValue()) for p in algorithm.parameterDefinitions()],
        [(output.name(), output.type()) for output in algorithm.outputDefinitions()],
    )


@pytest.fixture
def german(translation):
    """Return the algorithms as a German user gets them."""
    translator = translation.install("de")
    yield _algorithms()
    translation.remove(translator)


@pytest.mark.parametrize("language", sorted(TOOL.LANGUAGES))
def test_the_compiled_file_holds_just_what_its_source_does(qgis_app, language):
    translator = QTranslator()
    assert translator.load(str(ROOT / "i18n" / f"iikmc_{language}.qm"))
    entries = TOOL.read(ROOT / "i18n" / f"iikmc_{language}.ts")
    stale = [
        text for text, entry in entries.items() if translator.translate("IIkMC", text.encode()) != entry.translation
    ]
    assert stale == [], "run `make translations` and commit the .qm"
    assert not translator.translate("IIkMC", "Not a text of ours")


def test_german_texts_and_nothing_else_changes(translation):
    before = {name: (_said(algorithm), _held(algorithm)) for name, algorithm in _algorithms().items()}
    assert len(before) > 4
    translator = translation.install("de")
    try:
        after = {name: (_said(algorithm), _held(algorithm)) for name, algorithm in _algorithms().items()}
    finally:
        translation.remove(translator)
    for name, (said, held) in before.items():
        assert after[name] == ({key: GERMAN[text] for key, text in said.items()}, held)
        assert sum(after[name][0][key] != text for key, text in said.items()) > 0.9 * len(said)
    assert {name: (_said(algorithm), _held(algorithm)) for name, algorithm in _algorithms().items()} == before


def test_some_texts_as_a_german_user_reads_them(german):
    cluster = german["cluster"]
    assert cluster.displayName() == "Szenen gemeinsam clustern (Inter-Image-k-Means)"
    assert cluster.parameterDefinition("K").description() == "Anzahl der Klassen (k)"
    assert cluster.parameterDefinition("OUTPUT").description() == "Ausgabeverzeichnis"
    assert cluster.parameterDefinition("MASK").options()[2:] == ["Wolke", "Wolkenschatten", "Schnee oder Eis", "Wasser"]


def test_captions_stay_short(german):
    """Captions and choices much longer than the English ones would widen the dialog or be cut off."""
    for algorithm in german.values():
        for parameter in algorithm.parameterDefinitions():
            captions = [parameter.description(), *(parameter.options() if parameter.type() == "enum" else ())]
            assert [caption for caption in captions if len(caption) > 55] == [], parameter.name()


def test_the_captions_name_just_what_the_engine_has(plugin):
    from iikmc.algorithms.shared import captions
    from iikmc.engine.sensors.flags import FLAGS
    from iikmc.engine.sensors.roles import ROLES

    assert list(captions.of_flags()) == list(FLAGS)
    assert list(captions.of_roles()) == list(ROLES)


class AlgorithmDialog(QDialog):
    """What Processing's panel needs of its parent, under the name it looks for."""

    def __init__(self):
        super().__init__()
        self.bar = QgsMessageBar(self)

    def messageBar(self):
        return self.bar


def test_the_dialogs_are_german(german, monkeypatch, qgis_processing):
    from processing.gui import ParametersPanel

    monkeypatch.setattr(ParametersPanel, "iface", None)
    for name, algorithm in german.items():
        dialog = AlgorithmDialog()
        panel = ParametersPanel.ParametersPanel(dialog, algorithm)
        shown = {label.text().split(" [")[0] for label in panel.findChildren(QLabel)}
        shown |= {button.text() for button in panel.findChildren(QPushButton)}
        # Of our texts none is shown in English, but for those that are the same in both languages.
        assert {text for text in shown if text in GERMAN and GERMAN[text] != text} == set(), name
        captions = {parameter.description() for parameter in algorithm.parameterDefinitions()}
        first = ("Scenes", "Classified raster before", "Classified rasters", "Folder of a run")
        assert {GERMAN[text] for text in first} & captions & shown, name
        if "SCENES" in panel.wrappers:
            assert {"Hinzufügen", "Alle entfernen"} <= shown


def test_the_list_of_scenes_is_not_much_wider_in_german(plugin, translation):
    """In a dialog of the usual size it would have to be scrolled sideways."""
    from iikmc.algorithms.scenes_widget.panel import ScenesPanel

    english = ScenesPanel().minimumSizeHint().width()
    translator = translation.install("de")
    try:
        assert ScenesPanel().minimumSizeHint().width() < 1.35 * english
    finally:
        translation.remove(translator)


# --- which language -------------------------------------------------------------------------------------------------


def test_the_language_of_qgis_comes_first_then_the_settings_then_the_system(translation, monkeypatch):
    settings, default = QgsSettings(), QLocale()
    kept = {key: settings.value(key) for key in ("locale/userLocale", "locale/overrideFlag")}
    try:
        QLocale.setDefault(QLocale("fr_CA"))
        settings.remove("locale/userLocale")
        settings.remove("locale/overrideFlag")
        assert translation.language() == "fr_CA"
        settings.setValue("locale/userLocale", "de")
        assert translation.language() == "fr_CA"  # QGIS writes it at every start; it counts if it overrides
        settings.setValue("locale/overrideFlag", True)
        assert translation.language() == "de"
        monkeypatch.setattr(QgsApplication, "translation", lambda self: "pt_BR")
        assert translation.language() == "pt_BR"
    finally:
        QLocale.setDefault(default)
        for key, value in kept.items():
            settings.remove(key) if value is None else settings.setValue(key, value)


@pytest.mark.parametrize(
    ("code", "file"),
    [
        ("de", "iikmc_de.qm"),
        ("de_AT", "iikmc_de.qm"),
        ("de-CH", "iikmc_de.qm"),
        ("en_US", None),
        ("C", None),
        ("", None),
    ],
)
def test_a_language_without_its_country_will_do(translation, code, file):
    found = translation.file_of(code)
    assert (found and found.name) == file


def test_without_a_translation_everything_is_english(translation):
    assert translation.install("xx") is None
    assert _algorithms()["cluster"].displayName() == "Cluster scenes together (inter-image k-means)"


def test_unloading_the_plugin_takes_the_translation_away(plugin, translation, monkeypatch):
    from iikmc import classFactory

    def said():
        return QCoreApplication.translate("IIkMC", "Bands")

    monkeypatch.setattr(translation, "language", lambda: "de_DE")
    plugin.unload()
    try:
        german = classFactory(None)
        assert said() == "Bands"
        german.initProcessing()
        german.initGui()  # loads nothing twice
        assert said() == "Bänder"
        assert _provider().algorithm("cluster").displayName().startswith("Szenen gemeinsam")
        german.unload()
        assert said() == "Bands"
    finally:
        monkeypatch.undo()
        plugin.initProcessing()
    assert _provider().algorithm("cluster").displayName().startswith("Cluster scenes")


def test_a_german_terminal_gets_german_help_and_english_names(terminal):
    code, out, err = terminal("help", "iikmc:cluster", LANG="de_DE.UTF-8")
    assert code == 0, out + err
    assert "Szenen gemeinsam clustern (Inter-Image-k-Means) (iikmc:cluster)" in out
    assert "MASK: Ausmaskieren" in out
    assert "Wolkenschatten" in out
    assert "Cluster scenes" not in out
