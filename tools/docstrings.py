#!/usr/bin/python3
"""Compare the docstrings with what they describe.

    /usr/bin/python3 tools/docstrings.py

A docstring may do without sections. Where it has them, `Parameters` names every parameter once, in the order of the
signature, and says something about it (several may share an entry: "seed, shares"); `Raises` names exceptions of
Python, of this plugin, or imported; `Returns` is of a function that returns, `Yields` of one that yields. Every field
of a public dataclass of engine/ has a docstring under it.

The sources are read with `ast`, so that neither QGIS nor Numba need be there. `numpydoc lint` does so too, but wants a
`Parameters` section of every function, and looks at neither exceptions nor fields.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("engine", "algorithms", "iikmc_plugin")
FIELDS_IN = "engine"
"""The folder whose public dataclasses have a docstring under each field."""
# numpydoc's; a misspelt one would go unchecked.
_SECTIONS = {
    "Parameters",
    "Attributes",
    "Returns",
    "Yields",
    "Raises",
    "Warns",
    "See Also",
    "Notes",
    "References",
    "Examples",
}
_BUILTIN = {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, Exception)}
_BUILTIN |= {"BaseException", "GeneratorExit", "KeyboardInterrupt", "SystemExit"}
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPE = (*_FUNCTION, ast.ClassDef, ast.Lambda)


class Entry(NamedTuple):
    """What a section says of one thing, or of several."""

    names: list[str]
    described: bool


def sections(text: str) -> dict[str, list[Entry]]:
    """Return the entries of each section of a docstring, in its order."""
    found: dict[str, list[Entry]] = {}
    title = ""
    lines = [*text.splitlines(), ""]
    for line, below in zip(lines, lines[1:]):
        if line.strip() and re.fullmatch("-{3,}", below):
            title = line
            found[title] = []
        elif title and re.match(r"[^\s-]", line):
            # "names : type"; the stars of *names and **options, in RST perhaps escaped, are no part of the name.
            names = re.split(r"\s:(?:\s|$)", line)[0].split(",")
            found[title].append(Entry([name.strip().lstrip("\\*") for name in names], below.startswith(" ")))
    return found


def exceptions(trees: Iterable[ast.Module]) -> set[str]:
    """Return the names of the exceptions that modules define, whichever of them holds the base."""
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    known: set[str] = set()
    more = {""}
    while more:
        more = {node.name for node in classes if (_BUILTIN | known).intersection(map(_name, node.bases))} - known
        known |= more
    return known


def problems(tree: ast.Module, errors: Iterable[str] = (), fields: bool = True) -> Iterator[tuple[int, str]]:
    """Yield line and message of what is wrong in a module.

    Parameters
    ----------
    tree
        The module.
    errors
        Names of exceptions that other modules define.
    fields
        Whether public dataclasses must have a docstring under each field.
    """
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    imported = {(alias.asname or alias.name).split(".")[0] for node in imports for alias in node.names}
    known = {*_BUILTIN, *errors, *exceptions([tree]), *imported}

    def within(parent: ast.AST, prefix: str, method: bool) -> Iterator[tuple[int, str]]:
        for node in ast.iter_child_nodes(parent):
            if not isinstance(node, (*_FUNCTION, ast.ClassDef)):
                yield from within(node, prefix, method)
                continue
            name, is_class = prefix + node.name, isinstance(node, ast.ClassDef)
            found = _of_class(node, fields) if is_class else _of_function(node, _signature(node, method))
            yield from ((node.lineno, f"{name}: {message}") for message in (*found, *_of_any(node, known)))
            yield from within(node, f"{name}.", is_class)

    yield from within(tree, "", False)


def _name(node: ast.expr) -> str:
    """Return the last part of a dotted name, of a call the one of what is called; empty for anything else."""
    return _name(node.func) if isinstance(node, ast.Call) else getattr(node, "attr", getattr(node, "id", ""))


def _sections_of(node: ast.AST) -> dict[str, list[Entry]]:
    return sections(ast.get_docstring(node) or "")


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef, method: bool) -> list[str]:
    """Return the names of the parameters in order, without self or cls."""
    args = node.args
    bound = method and "staticmethod" not in map(_name, node.decorator_list)
    first = [*args.posonlyargs, *args.args][bound:]
    return [arg.arg for arg in (*first, args.vararg, *args.kwonlyargs, args.kwarg) if arg]


def _of_any(node: ast.AST, known: set[str]) -> Iterator[str]:
    inside = _sections_of(node)
    yield from (f"{title!r} is no section of numpydoc" for title in inside if title not in _SECTIONS)
    for name in (name for entry in inside.get("Raises", ()) for name in entry.names):
        if name.split(".")[0] not in known:
            yield f"Raises: {name!r} is no exception of Python or of this plugin, and not imported"


def _of_class(node: ast.ClassDef, fields: bool) -> Iterator[str]:
    for part in node.body:
        if isinstance(part, _FUNCTION) and part.name == "__init__":
            yield from _of_parameters(_sections_of(node), _signature(part, True))
    if not fields or node.name.startswith("_") or "dataclass" not in map(_name, node.decorator_list):
        return
    for part, under in zip(node.body, [*node.body[1:], None]):
        if isinstance(part, ast.AnnAssign) and "ClassVar" not in ast.unparse(part.annotation):
            text = under.value if isinstance(under, ast.Expr) else None
            if not (isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value.strip()):
                yield f"no docstring under the field {ast.unparse(part.target)}"


def _of_function(node: ast.FunctionDef | ast.AsyncFunctionDef, signature: list[str]) -> Iterator[str]:
    inside = _sections_of(node)
    yield from _of_parameters(inside, signature)
    yields = any(isinstance(part, (ast.Yield, ast.YieldFrom)) for part in _own(node))
    if "Returns" in inside and (yields or (node.returns and ast.unparse(node.returns) == "None")):
        yield f"Returns: the function {'yields' if yields else 'returns None'}"
    if "Yields" in inside and not yields:
        yield "Yields: the function does not yield"


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is within a function, but not within one inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _SCOPE):
            yield child
            yield from _own(child)


def _of_parameters(inside: dict[str, list[Entry]], signature: list[str]) -> Iterator[str]:
    if "Parameters" not in inside:
        return
    names = [name for entry in inside["Parameters"] for name in entry.names]
    yield from (f"Parameters: {name} is missing" for name in signature if name not in names)
    yield from (f"Parameters: {name!r} is not in the signature" for name in names if name not in signature)
    yield from (f"Parameters: {name} is there twice" for name in signature if names.count(name) > 1)
    for entry in inside["Parameters"]:
        if not entry.described:
            yield f"Parameters: nothing is said about {', '.join(entry.names)}"
    order = [name for name in signature if name in names]
    if [name for name in dict.fromkeys(names) if name in signature] != order:
        yield f"Parameters: the order of the signature is {', '.join(order)}"


def main() -> int:
    """Print what is wrong in the plugin; return 1 if anything is."""
    trees = {}
    for folder in FOLDERS:
        paths = sorted((ROOT / folder).rglob("*.py"))
        if not paths:
            print(f"{folder}/ holds no module; FOLDERS in tools/docstrings.py names what is checked.")
            return 1
        trees.update({path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8")) for path in paths})
    errors = exceptions(trees.values())
    found = [
        f"{path}:{line}: {message}"
        for path, tree in trees.items()
        for line, message in problems(tree, errors, path.parts[0] == FIELDS_IN)
    ]
    print("\n".join(found) or f"The docstrings of {len(trees)} modules fit.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
