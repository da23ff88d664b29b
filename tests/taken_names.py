"""The names that a source takes from packages, with their scopes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def taken_names(path: Path, packages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield module and name with its scopes, of all that a source takes from these packages."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    roots = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(packages):
            for alias in node.names:
                roots[alias.asname or alias.name] = (node.module or "", alias.name)
                yield node.module or "", alias.name
    for node in ast.walk(tree):
        chain, base = [], node
        while isinstance(base, ast.Attribute):
            chain.append(base.attr)
            base = base.value
        if chain and isinstance(base, ast.Name) and base.id in roots:
            module, name = roots[base.id]
            yield module, ".".join([name, *reversed(chain)])
