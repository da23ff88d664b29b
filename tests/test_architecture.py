"""The house keeps its order: imports go one way, optional packages stay optional, and nothing unsafe is shipped.

Every rule reads the source with `ast`; nothing is imported, so QGIS is not needed.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STOREYS = ("engine", "algorithms", "iikmc_plugin")
"""From the ground up: a storey imports those before it."""
SHIPPED = [*sorted(path for storey in STOREYS for path in (ROOT / storey).rglob("*.py")), ROOT / "__init__.py"]

# Imported inside functions alone, so that the provider loads without them and says what to install.
REQUIRED_LATE = {"rasterio"}
OPTIONAL = {
    "threadpoolctl",
    "numba",
    "cupy",
    "cupyx",
    "distributed",
    "dask",
    "plotly",
    "sklearn",
    "scipy",
    "pandas",
}
# A module whose purpose is one optional package may import it at its top, if it is imported late itself.
OWN_MODULES = {
    "engine.compiled.cells": {"numba"},
    "engine.compiled.chunk": {"numba"},
    "engine.compiled.common": {"numba"},
    "engine.compiled.judging": {"numba"},
    "engine.compiled.loops": {"numba"},
    "engine.compiled.margins": {"numba"},
    "engine.compiled.mixed": {"numba"},
    "engine.compiled.pixels": {"numba"},
    "engine.compiled.wide": {"numba"},
    "engine.compiled.wide_cells": {"numba"},
}
# QGIS loads these at start: they must load without NumPy too, or a missing package could never be told.
LISTED_WITHOUT_NUMPY = STOREYS[1:]
QGIS = {"qgis", "PyQt5", "PyQt6", "PySide2", "PySide6", "osgeo", "processing", "sip"}


def name_of(path: Path) -> str:
    """Return the dotted name of a module within the package, such as "engine.sensors.landsat.mtl"."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in SHIPPED}


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def walk(node: ast.AST, late: bool, types: bool) -> Iterator[tuple[ast.AST, bool, bool]]:
    """Yield every node with whether it runs late (inside a function) and whether it is for type checkers alone."""
    for child in ast.iter_child_nodes(node):
        inner = late or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        typed = types or (is_type_checking(node) and child not in getattr(node, "orelse", []))
        yield child, late, typed
        yield from walk(child, inner, typed)


def imports(path: Path) -> Iterator[tuple[str, bool, bool, int]]:
    """Yield (module, late, for types alone, line) of every import; our own modules as in `MODULES`."""
    module = name_of(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node, late, types in walk(ast.parse(path.read_text(encoding="utf-8")), False, False):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, late, types, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".") if package else []
                parts = parts[: len(parts) - (node.level - 1)]
                base = ".".join(filter(None, [*parts, base]))
            for alias in node.names:
                full = f"{base}.{alias.name}" if base else alias.name
                yield (full if node.level and full in MODULES else base), late, types, node.lineno


def top(name: str) -> str:
    return name.partition(".")[0]


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_there_is_something_to_check():
    assert len(SHIPPED) > 30
    assert {"typing", "engine.errors"} <= {name for name, *_ in imports(MODULES["engine.progress"])}
    late = {name: late for name, late, *_ in imports(MODULES["engine.machine"])}
    assert (late["ctypes"], late["threadpoolctl"]) == (False, True)
    typed = {name: types for name, _, types, _ in imports(MODULES["engine.kernels.reference"])}
    assert (typed["numpy"], typed["numpy.typing"]) == (False, True)


def test_imports_go_one_way():
    wrong = []
    for path in SHIPPED:
        storey = top(name_of(path))
        if storey not in STOREYS:
            continue
        for name, _, _, line in imports(path):
            if top(name) in STOREYS and STOREYS.index(top(name)) > STOREYS.index(storey):
                wrong.append(f"{where(path, line)}: {storey} imports {name}")
            if top(name) in {"tests", "benchmarks", "tools", "iikmc"}:
                wrong.append(f"{where(path, line)}: {name} is not shipped, or not imported relatively")
    assert wrong == []


def test_the_engine_has_no_circle():
    graph = {module: {name for name, *_ in imports(path) if name in MODULES} for module, path in MODULES.items()}
    done: list[str] = []

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in done:
            for name in sorted(graph[module]):
                visit(name, (*trail, module))
            done.append(module)

    for module in graph:
        visit(module, ())


# The order of the data: each imports what stands before it; what shares a line knows nothing of each other.
# `engine/__init__.py` tells the same order to its readers.
LAYERS = (
    ("errors", "choices", "quantities", "version", "clock", "colours", "arrays"),
    ("progress", "machine", "installing", "text_files", "claims", "paths", "ranges"),
    ("sensors",),
    ("scenes",),
    ("request_checks",),
    ("requests",),
    ("map_requests",),
    ("execution", "compiled"),
    ("pixels",),
    ("kernels",),
    ("centres",),
    ("results",),
    ("maps", "quality"),
    ("passes",),
    ("estimates", "measuring"),
    ("report",),
    ("runs",),
    ("public",),
)
LAYER_OF = {part: number for number, layer in enumerate(LAYERS) for part in layer}


def part_of(module: str) -> str:
    """Return the package or module directly below the engine that a module belongs to, "" for the engine itself."""
    return ".".join(module.split(".")[1:2])


def test_every_part_of_the_engine_has_a_layer():
    assert {part_of(module) for module in MODULES if top(module) == "engine"} - {""} == set(LAYER_OF)


def test_the_engine_imports_in_the_order_of_the_data():
    # Imports for type checkers count: who needs another's type knows of it.
    wrong = [
        f"{where(path, line)}: {part_of(module)} imports {name}"
        for module, path in MODULES.items()
        for name, _, _, line in imports(path)
        if part_of(module) in LAYER_OF and name.startswith("engine.") and part_of(name) != part_of(module)
        if LAYER_OF[part_of(name)] >= LAYER_OF[part_of(module)]
    ]
    assert wrong == []


def test_the_engine_tells_its_own_order():
    told = re.findall(r"^    (\w+) {2,}\S", ast.get_docstring(ast.parse(MODULES["engine"].read_text("utf-8"))), re.M)
    assert told == [part for layer in LAYERS for part in layer]


# What a module must never import, at any depth, though its layer would let it.
FORBIDDEN_INSIDE = {
    "engine.sensors": ("numpy", "rasterio"),
    "engine.execution": ("engine.scenes",),
    "engine.kernels": ("engine.scenes.search", "engine.scenes.files", "engine.pixels.reading", "engine.execution"),
    "engine.centres.kmeans": (
        "engine.scenes.search",
        "engine.scenes.files",
        "engine.pixels.reading",
        "engine.execution",
        "engine.kernels",
    ),
    "engine.passes": ("engine.execution.threads",),
    "engine.report": ("pathlib", "os", "engine.passes"),
    "engine.report.html": ("io", "numpy"),
    "engine.choices": ("numpy",),
}


@pytest.mark.parametrize("part", FORBIDDEN_INSIDE)
def test_what_a_module_must_never_import(part):
    wrong = []
    for module, path in MODULES.items():
        if module != part and not module.startswith(part + "."):
            continue
        for name, _, types, line in imports(path):
            for forbidden in FORBIDDEN_INSIDE[part]:
                if not types and (name == forbidden or name.startswith(forbidden + ".")):
                    wrong.append(f"{where(path, line)}: imports {name}")
    assert wrong == []


MOST_LINES = 400


def test_no_module_is_long():
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: number for name, number in lines.items() if number > MOST_LINES} == {}


MOST_PARAMETERS = 7


def parameters(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the dotted name of every function of a module and how many parameters it has; self is none."""

    def look(node: ast.AST, trail: str) -> Iterator[tuple[str, int]]:
        for child in ast.iter_child_nodes(node):
            inner = trail
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                inner = f"{trail}.{child.name}"
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found = child.args
                named = [arg.arg for arg in (*found.posonlyargs, *found.args, *found.kwonlyargs)]
                named = named[1:] if named[:1] in (["self"], ["cls"]) else named
                yield inner, len(named) + (found.vararg is not None) + (found.kwarg is not None)
            yield from look(child, inner)

    yield from look(ast.parse(path.read_text(encoding="utf-8")), name_of(path))


def test_parameters_are_counted():
    counts = dict(parameters(MODULES["engine.scenes.handles"]))
    assert counts["engine.scenes.handles.Handles.lacks"] == 5


def test_no_function_outside_the_compiled_loops_has_many_parameters():
    assert {
        name: number
        for module, path in MODULES.items()
        if not module.startswith("engine.compiled")
        for name, number in parameters(path)
        if number > MOST_PARAMETERS
    } == {}


def test_the_engine_knows_no_qgis():
    wrong = [
        f"{where(path, line)}: {name}"
        for path in SHIPPED
        if top(name_of(path)) == "engine"
        for name, _, _, line in imports(path)
        if top(name) in QGIS
    ]
    assert wrong == []


def test_qt_comes_through_qgis():
    # qgis.PyQt is Qt 5 or Qt 6, whichever QGIS was built with; osgeo is not needed, rasterio is.
    wrong = [
        f"{where(path, line)}: {name}"
        for path in SHIPPED
        for name, _, _, line in imports(path)
        if top(name) in {"PyQt5", "PyQt6", "PySide2", "PySide6", "osgeo"}
    ]
    assert wrong == []


def test_packages_that_may_be_missing_are_imported_late():
    wrong = [
        f"{where(path, line)}: {name} at module top"
        for path in SHIPPED
        for name, late, types, line in imports(path)
        if not late and not types
        if (top(name) in REQUIRED_LATE | OPTIONAL and top(name) not in OWN_MODULES.get(name_of(path), set()))
        or (name in OWN_MODULES and name_of(path) not in OWN_MODULES)
    ]
    assert wrong == []


def test_the_plugin_loads_without_any_package():
    """Follow the imports that run when QGIS loads the plugin: only the standard library and QGIS may be met."""
    standard = set(sys.stdlib_module_names) if hasattr(sys, "stdlib_module_names") else None
    if standard is None:
        pytest.skip("needs Python 3.10 to tell the standard library apart")
    seen: dict[str, str] = {}
    to_do = [(module, "QGIS") for module in MODULES if top(module) in LISTED_WITHOUT_NUMPY or module == ""]
    wrong = []
    while to_do:
        module, by = to_do.pop()
        if module in seen:
            continue
        seen[module] = by
        parents = [".".join(module.split(".")[:i]) for i in range(1, module.count(".") + 1)]
        to_do += [(parent, module) for parent in parents if parent in MODULES]
        for name, late, types, line in imports(MODULES[module]):
            if late or types:
                continue
            if name in MODULES:
                to_do.append((name, module))
            elif top(name) not in standard | QGIS | {"__future__"} and top(name) not in STOREYS:
                wrong.append(f"{where(MODULES[module], line)}: {name} (imported by {by})")
    assert wrong == []


def test_imports_are_known():
    """No package enters unnoticed: each is of the standard library, QGIS or the documented list."""
    if not hasattr(sys, "stdlib_module_names"):
        pytest.skip("needs Python 3.10 to tell the standard library apart")
    known = set(sys.stdlib_module_names) | QGIS | REQUIRED_LATE | OPTIONAL | {"numpy", "__future__", *STOREYS}
    wrong = [
        f"{where(path, line)}: {name}"
        for path in SHIPPED
        for name, _, _, line in imports(path)
        if top(name) and top(name) not in known
    ]
    assert wrong == []


UNSAFE_MODULES = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "subprocess",
    "multiprocessing",
    "pty",
}
UNSAFE_NAMES = {"print", "exec", "eval", "compile", "__import__", "breakpoint", "input"}
UNSAFE_ATTRIBUTES = {("os", "system"), ("os", "popen"), ("os", "startfile"), ("yaml", "load"), ("np", "load")}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_unsafe_is_shipped(path):
    wrong = [f"{where(path, line)}: {name}" for name, *_, line in imports(path) if top(name) in UNSAFE_MODULES]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        what = None
        if isinstance(node, ast.Assert):
            what = "assert"
        elif isinstance(node, ast.ExceptHandler) and node.type is None:
            what = "bare except"
        elif isinstance(node, ast.Name) and node.id in UNSAFE_NAMES:
            what = node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            pair = (node.value.id, node.attr)
            if pair in UNSAFE_ATTRIBUTES or (pair[0] == "os" and pair[1].startswith(("exec", "spawn", "fork"))):
                what = ".".join(pair)
        elif isinstance(node, ast.keyword) and node.arg in ("shell", "allow_pickle"):
            what = node.arg
        if what:
            wrong.append(f"{where(path, node.lineno)}: {what}")
    assert wrong == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_39_reads_every_module(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 9))
    annotated = any(
        isinstance(node, ast.AnnAssign) or (isinstance(node, ast.arg) and node.annotation) for node in ast.walk(tree)
    )
    assert not annotated or "from __future__ import annotations" in text
    assert not any(isinstance(node, getattr(ast, "Match", ())) for node in ast.walk(tree))


def test_no_module_has_a_name_that_misleads():
    # `import types` beside a types.py means one thing to a reader, another to a debugger started in that folder.
    assert not {path.stem for path in SHIPPED} & {"types", "numpy", "io", "os", "logging", "random", "typing"}
