"""Every text that a user reads can be translated, and the translations are complete; needs neither QGIS nor Qt."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHOWN = sorted(path for folder in ("algorithms", "iikmc_plugin") for path in (ROOT / folder).rglob("*.py"))


def _tool():
    spec = importlib.util.spec_from_file_location("translations", ROOT / "tools" / "translations.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = _tool()
HOW = (
    "run `make translations` (or /usr/bin/python3 tools/translations.py), translate what it lists in i18n/iikmc_{}.ts, "
    "run it again, and commit the .ts and the .qm"
)


def where(path, node):
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


# --- the files ------------------------------------------------------------------------------------------------------


@pytest.fixture(params=sorted(TOOL.LANGUAGES))
def language(request):
    return request.param


@pytest.fixture
def entries(language):
    return TOOL.read(ROOT / "i18n" / f"iikmc_{language}.ts")


def test_the_tool_reads_what_python_joins():
    wanted = TOOL.texts()
    # One text of three literals, with the quotes and signs that XML escapes.
    (joined,) = (text for text in wanted if text.startswith("Bands by role"))
    assert joined == (
        "Bands by role, not by number, so that scenes of several sensors mix: near infrared (nir) is band 4 of Landsat "
        "4-7 and band 5 of Landsat 8-9. With none chosen, those of the first six that every scene has are taken. At "
        "most 10 can be chosen."
    )
    assert len(wanted["Number of scenes"]) > 1  # one text, several files
    assert len(wanted) > 150


def test_every_text_of_the_sources_is_translated(language, entries):
    wanted = TOOL.texts()
    lacking = [text for text in wanted if text not in entries]
    assert lacking == [], f"new texts; {HOW.format(language)}"
    unfinished = [text for text, entry in entries.items() if not (entry.finished and entry.translation.strip())]
    assert unfinished == [], f"unfinished texts; {HOW.format(language)}"


def test_no_text_is_kept_that_the_sources_no_longer_have(language, entries):
    wanted = TOOL.texts()
    assert [text for text in entries if text not in wanted] == [], f"texts are gone; {HOW.format(language)}"


def test_the_file_is_what_the_tool_writes(language, entries):
    wanted = TOOL.texts()
    if set(wanted) == set(entries):  # else the tests above say what is wrong
        written = TOOL.document(TOOL.LANGUAGES[language], wanted, entries)
        assert (ROOT / "i18n" / f"iikmc_{language}.ts").read_text(encoding="utf-8") == written, HOW.format(language)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\{\w*\}",
        r"\*\.\w+",
        r"…$",
        r"\.$",
        r"\w+\.(?:json|csv|html|tif)\b",
        r"\b\d[\d.]*\b",
        r"'[^']*(?:apt|dnf|pip) [^']*'",
    ],
)
def test_what_no_translator_may_change_is_the_same(entries, pattern):
    """Names of values, file names and patterns, numbers, commands, and whether it is a sentence or opens a dialog."""
    different = [
        (text, entry.translation)
        for text, entry in entries.items()
        if sorted(re.findall(pattern, text)) != sorted(re.findall(pattern, entry.translation))
    ]
    assert different == []


def test_values_can_be_put_into_the_translations(entries):
    for text, entry in entries.items():
        names = re.findall(r"\{(\w*)\}", text)
        if names:
            entry.translation.format(**dict.fromkeys(names, "x"))


# --- the tool -------------------------------------------------------------------------------------------------------


def test_a_new_text_is_open_and_a_reworded_one_keeps_its_old_translation_to_be_looked_at():
    known = {"Number of classes": TOOL.Entry("Anzahl der Klassen", True), "Seed": TOOL.Entry("Startwert", True)}
    wanted = {"Number of all classes": ["a.py"], "Seed": ["a.py"], "Bands & <masks>": ["a.py", "b.py"]}
    assert TOOL.merged(wanted, known) == {
        "Number of all classes": TOOL.Entry("Anzahl der Klassen", False),
        "Seed": TOOL.Entry("Startwert", True),
        "Bands & <masks>": TOOL.Entry("", False),
    }


def test_a_file_reads_as_it_was_written(tmp_path):
    wanted = {"Bands & <masks>": ["a.py", "b.py"], 'a "quoted" one\nof two lines': ["a.py"]}
    entries = {
        "Bands & <masks>": TOOL.Entry("Bänder & <Masken>", True),
        'a "quoted" one\nof two lines': TOOL.Entry("", False),
    }
    path = tmp_path / "x.ts"
    path.write_text(TOOL.document("de_DE", wanted, entries), encoding="utf-8")
    assert TOOL.read(path) == entries


def test_without_lrelease_the_texts_are_updated_and_the_remedy_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(TOOL, "FOLDER", tmp_path / "i18n")
    monkeypatch.setattr(TOOL.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"lrelease is not here.*install Qt's tools for translators"):
        TOOL.main()
    assert set(TOOL.read(tmp_path / "i18n" / "iikmc_de.ts")) == set(TOOL.texts())


# --- the sources ----------------------------------------------------------------------------------------------------


def is_function(node):
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))


def test_the_context_has_one_name():
    assert f'\nCONTEXT = "{TOOL.CONTEXT}"\n' in (ROOT / "algorithms" / "shared" / "i18n.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_tr_gets_one_plain_literal(path):
    if path.name == "i18n.py":
        return
    calls = [node for node in ast.walk(tree_of(path)) if TOOL.is_tr(node)]
    wrong = [where(path, call) for call in calls if TOOL.literal(call) is None]
    assert wrong == [], "nothing else can be collected: write tr('…{value}…').format(value=value)"
    named = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Name) and node.id == "tr"]
    assert len(named) == len(calls), "tr is called by its own name, where the text stands"


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_texts_are_translated_when_used_and_not_when_imported(path):
    """At import, and in the default of an argument, no translation is loaded yet."""
    early = []

    def visit(node):
        if TOOL.is_tr(node):
            early.append(where(path, node))
        if is_function(node):
            for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
                visit(default)
            for decorator in getattr(node, "decorator_list", []):
                visit(decorator)
            return
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree_of(path))
    assert early == []


WORDS = re.compile(r"[^\W\d_]{2,}\W* \W*[^\W\d_]{2,}")
NOT_READ = {
    "*_MTL.txt *_MTL.xml *_MTL.json MTD_MSIL2A.xml *.json *.tar *.zip *.tif": "patterns of file names",
    "dilated cloud": "the engine's name",
    "cloud shadow": "the engine's name",
    "snow or ice": "the engine's name",
    "IIkMC – inter-image k-means (": "the plugin's name",
    "The check of the parameters of iikmc:": "the beginning of a sentence of the engine",
}
"""Literals of several words that need no translation, and why."""


def literals_outside_tr(tree):
    """Yield the text constants that are neither docstrings nor in tr, those within f-strings included."""
    passed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(node.value)
        if TOOL.is_tr(node):
            passed.update(ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in passed:
            yield node


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_whatever_reads_like_a_text_goes_through_tr(path):
    found = [
        f"{where(path, node)}: {node.value!r}"
        for node in literals_outside_tr(tree_of(path))
        if WORDS.search(node.value) and node.value not in NOT_READ
    ]
    assert found == [], "put it into tr(...), or into NOT_READ with the reason"


SHOWING = {
    "setHelp", "setToolTip", "setText", "setTitle", "setWindowTitle", "setPlaceholderText", "setHeaderLabels",
    "setDescription", "setStatusTip", "setWhatsThis", "addItem", "addItems", "addAction", "addButton", "QLabel",
    "QPushButton", "QCheckBox", "QGroupBox", "QProgressDialog", "QAction", "pushInfo", "pushWarning", "reportError",
    "setProgressText", "QgsProcessingException",
}  # fmt: skip
TELLING = {"displayName", "group", "shortDescription", "shortHelpString", "tags", "warningMessage"}


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_handed_to_a_widget_or_a_parameter_goes_through_tr(path):
    """Single words too: labels, tool tips, titles, buttons, messages, and what an algorithm tells of itself."""
    tree = tree_of(path)
    outside = set(literals_outside_tr(tree))
    handed = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in SHOWING:
                handed += [*node.args, *(keyword.value for keyword in node.keywords)]
            elif re.match(r"QgsProcessing(Parameter|Output)\w", name) and len(node.args) > 1:
                handed.append(node.args[1])
        elif isinstance(node, ast.FunctionDef) and node.name in TELLING:
            handed += [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return) and inner.value]
    parts = [node for root in handed for node in ast.walk(root) if node in outside]
    separators = {"\n", ",", ", ", " "}
    found = [
        f"{where(path, node)}: {node.value!r}"
        for node in parts
        if re.search(r"[^\W\d_]", node.value) and node.value not in separators
    ]
    assert found == []
