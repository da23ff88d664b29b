"""tools/docstrings.py finds what a docstring says wrongly, and leaves alone what may stay unsaid."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent

import pytest

TOOL = Path(__file__).resolve().parents[1] / "tools" / "docstrings.py"


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location("docstrings", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def messages(tool):
    """Return a function that gives the messages about a module, without their lines."""

    def find(source, **options):
        return [message for _, message in tool.problems(ast.parse(dedent(source)), **options)]

    return find


def function(signature, *sections, body="pass"):
    """Return the source of a function with sections given as (title, text)."""
    text = "".join(f"\n{title}\n{'-' * len(title)}\n{dedent(what).strip()}\n" for title, what in sections)
    return f'def {signature}:\n    """Do.\n{indent(text, "    ")}    """\n    {body}\n'


def documented(signature, what):
    return function(signature, ("Parameters", what))


ONE_EACH = "a\n    One.\nb\n    Two."
SHARED = "a, b\n    Both."


@pytest.mark.parametrize(
    "source",
    [
        "def f(a, b): pass",
        'def f(a, b):\n    """Do."""',
        function("f(a)", ("Returns", "any words, at all\n    Said.")),
        documented("f(a, b)", ONE_EACH),
        documented("f(a, b)", SHARED),
        documented("f(a, b)", "a, b : int\n    Both."),
        documented("f(a, b=1)", "a : {x: y}\n    One.\n\n    More: of it.\nb : int, optional\n    Two."),
        documented("f(a, /, b)", ONE_EACH),
        documented("f(a, *b, c, **d)", "a, *b, c, **d\n    All."),
        documented("f(a, *b, c, **d)", "a, b, c, d\n    All."),
        documented("f(*a, b)", "\\\\*a\n    Many.\nb\n    One."),
        documented("f(a) -> None", "a\n    - a list\n    - in the text"),
    ],
)
def test_good_parameters_are_left_alone(messages, source):
    assert messages(source) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (documented("f(a, b)", "a\n    One."), ["b is missing"]),
        (documented("f(a, *, b)", "a\n    One."), ["b is missing"]),
        (documented("f(a, *b, **c)", "a\n    One."), ["b is missing", "c is missing"]),
        (documented("f(a)", SHARED), ["'b' is not in the signature"]),
        (documented("f()", "a\n    One."), ["'a' is not in the signature"]),
        (documented("f(a)", "A\n    One."), ["a is missing", "'A' is not in the signature"]),
        (documented("f(b, a)", ONE_EACH), ["the order of the signature is b, a"]),
        (documented("f(b, a)", SHARED), ["the order of the signature is b, a"]),
        # The order of the others is told at once, not after the missing one has been mended.
        (documented("f(b, c, a)", SHARED), ["c is missing", "the order of the signature is b, a"]),
        (documented("f(a, b)", f"{SHARED}\na\n    Again."), ["a is there twice"]),
        (documented("f(a, b)", "a\nb\n    Both."), ["nothing is said about a"]),
        (documented("f(a, b)", "a, b"), ["nothing is said about a, b"]),
        (documented("f(a)", "a: int\n    One."), ["a is missing", "'a: int' is not in the signature"]),
    ],
)
def test_bad_parameters_are_found(messages, source, expected):
    assert messages(source) == [f"f: Parameters: {what}" for what in expected]


def test_self_and_cls_are_nobodys_parameters(messages):
    methods = [
        documented("f(self, a)", "a\n    One."),
        "@classmethod\n" + documented("g(cls, a)", "a\n    One."),
        "@staticmethod\n" + documented("h(a)", "a\n    One."),
        "if True:\n" + indent(documented("i(self, a)", "a\n    One."), "    "),
    ]
    assert messages("class C:\n" + indent("\n".join(methods), "    ")) == []


def test_every_docstring_is_looked_at_wherever_it_stands(messages):
    bad = documented("f(a)", "b\n    One.")
    within = [f"class _C:\n{indent(bad.replace('f(a)', 'f(self, a)'), '    ')}", f"def g():\n{indent(bad, '    ')}"]
    within += [f"try:\n{indent(bad, '    ')}finally:\n    pass", f"async {bad}"]
    for source, name in zip(within, ("_C.f", "g.f", "f", "f")):
        assert messages(source) == [
            f"{name}: Parameters: a is missing",
            f"{name}: Parameters: 'b' is not in the signature",
        ]


def test_a_classs_parameters_are_those_of_its_init(messages):
    source = '''
        class C:
            """Thing.

            Parameters
            ----------
            b
                Two.
            """

            def __init__(self, a): pass
    '''
    assert messages(source) == ["C: Parameters: a is missing", "C: Parameters: 'b' is not in the signature"]


def test_the_line_is_that_of_the_function(tool):
    source = "\n\n" + documented("f(a)", "")
    assert [line for line, _ in tool.problems(ast.parse(source))] == [3]


RAISING = function("f()", ("Raises", "{}\n    Where it must."))
UNKNOWN = "f: Raises: '{}' is no exception of Python or of this plugin, and not imported"


@pytest.mark.parametrize(
    "source",
    [
        RAISING.format("ValueError"),
        RAISING.format("ValueError, KeyboardInterrupt"),
        RAISING.format("SceneError"),
        "from .errors import Other\n" + RAISING.format("Other"),
        "from .errors import Other as Another\n" + RAISING.format("Another"),
        "import rasterio.errors\n" + RAISING.format("rasterio.errors.RasterioError"),
        "class Mine(ValueError): pass\n" + RAISING.format("Mine"),
        "class Child(Mine): pass\nclass Mine(errors.SceneError, x.OSError): pass\n" + RAISING.format("Child"),
    ],
)
def test_exceptions_that_exist_are_left_alone(messages, source):
    assert messages(source, errors=["SceneError"]) == []


@pytest.mark.parametrize("name", ["SceneEror", "print", "int", "Mine", "errors.SceneError"])
def test_exceptions_that_do_not_exist_are_found(messages, name):
    source = "class Mine: pass\n" + RAISING.format(f"ValueError, {name}")
    assert messages(source, errors=["SceneError"]) == [UNKNOWN.format(name)]


def test_exceptions_of_another_module_count_whichever_has_the_base(tool):
    modules = ["class A(B): pass\nclass X(Y): pass", "class B(C): pass", "class C(Exception): pass"]
    assert tool.exceptions([ast.parse(module) for module in modules]) == {"A", "B", "C"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (function("f() -> int", ("Returns", "int\n    One.")), []),
        (function("f()", ("Yields", "int\n    One."), body="yield from ()"), []),
        (function("f()", ("Returns", "int\n    One."), body="return lambda: (yield)"), []),
        (function("f()", ("Returns", "int\n    One."), body="yield 1"), ["f: Returns: the function yields"]),
        (function("f() -> None", ("Returns", "int\n    One.")), ["f: Returns: the function returns None"]),
        (function("f()", ("Yields", "int\n    One.")), ["f: Yields: the function does not yield"]),
        (function("f(a)", ("Parameter", "a\n    One.")), ["f: 'Parameter' is no section of numpydoc"]),
    ],
)
def test_results_and_titles(messages, source, expected):
    assert messages(source) == expected


FIELDS = '''
    @{decorator}
    class {name}:
        """Thing."""

        a: int
        """Said."""
        b: list[int] = field(default_factory=list)
        c: int = 0
        """"""
        d: ClassVar[int] = 1
        e = 2
        f: str

        def method(self):
            """Local names are no fields."""
            g: int = 1
'''


@pytest.mark.parametrize("decorator", ["dataclass", "dataclass(frozen=True)", "dataclasses.dataclass"])
def test_every_field_of_a_public_dataclass_has_a_docstring(messages, decorator):
    source = FIELDS.format(decorator=decorator, name="Thing")
    assert messages(source) == [f"Thing: no docstring under the field {name}" for name in "bcf"]
    assert messages(source, fields=False) == []


@pytest.mark.parametrize(("decorator", "name"), [("dataclass", "_Thing"), ("total_ordering", "Thing")])
def test_other_classes_need_none(messages, decorator, name):
    assert messages(FIELDS.format(decorator=decorator, name=name)) == []


@pytest.fixture
def tree(tmp_path):
    """Return a checkout of the tool with one module in each folder, deep in the engine, and how to run it."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / TOOL.name).write_text(TOOL.read_text(encoding="utf-8"), encoding="utf-8")
    sources = {
        "engine/deep/down/errors.py": "class SceneError(Exception): pass\n",
        "algorithms/a.py": RAISING.format("SceneError") + dedent(FIELDS.format(decorator="dataclass", name="Thing")),
        "iikmc_plugin/__init__.py": "",
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)

    def run():
        command = [sys.executable, str(tmp_path / "tools" / TOOL.name)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()

    return tmp_path, run


def test_a_tree_without_faults_is_fine(tree):
    _, run = tree
    assert run() == (0, ["The docstrings of 3 modules fit."])


def test_faults_are_listed_with_their_place(tree):
    folder, run = tree
    (folder / "engine" / "deep" / "b.py").write_text("@dataclass\nclass B:\n    a: int\n")
    (folder / "iikmc_plugin" / "c.py").write_text(RAISING.format("SceneEror"))
    assert run() == (
        1,
        [
            "engine/deep/b.py:2: B: no docstring under the field a",
            f"iikmc_plugin/c.py:1: {UNKNOWN.format('SceneEror')}",
        ],
    )


def test_a_folder_that_is_gone_is_no_success(tree):
    folder, run = tree
    (folder / "iikmc_plugin" / "__init__.py").unlink()
    code, lines = run()
    assert code == 1
    assert lines == ["iikmc_plugin/ holds no module; FOLDERS in tools/docstrings.py names what is checked."]
