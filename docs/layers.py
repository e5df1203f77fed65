"""The layers of stackswitch, what its modules import, and the picture of both in docs/design.md.

``LAYERS`` is the table that `tests/unit/test_layers.py` enforces and `docs/generate.py` draws.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "stackswitch"

LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("models", "tools", "wasm"),
    ("engines", "lists", "reports", "transport"),
    ("binaryen", "transform"),
    ("analysis", "backends", "observe"),
    ("explore", "guest", "suite"),
    ("fix", "readiness"),
    ("bench", "pytest_plugin"),
    ("cli",),
    ("__init__", "__main__"),
)
"""The packages and modules of each layer, the lowest layer first. The last one is the way in from outside."""

INNER_LAYERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "backends": (("node", "wasmtime"),),
    "backends.node": (("cases", "commands", "guests"),),
    "backends.wasmtime": (("asyncify", "fiber"), ("cases", "guests")),
}
"""Packages within a package, the lowest layer first. Below them lies the common base: its other modules.

Packages of one inner layer do not import each other.
"""

Graph = dict[str, set[str]]


def layer_of(part: str) -> int:
    """Return the number of the layer of a top-level package or module.

    :raises KeyError: it has no layer
    """
    for number, parts in enumerate(LAYERS, 1):
        if part in parts:
            return number
    raise KeyError(part)


def module_graph(root: Path = PACKAGE) -> Graph:
    """Return for each module the modules that it imports, by dotted names without the package's own.

    Imports within functions and under ``TYPE_CHECKING`` count; that of the version does not. A package's own
    module is ``package.__init__``.
    """
    files = {_name(path.relative_to(root)): path for path in sorted(root.rglob("*.py"))}
    return {name: _imports(name, path, root.name, files) for name, path in files.items()}


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


def _imports(name: str, path: Path, package: str, modules: Mapping[str, Path]) -> set[str]:
    own = (package, *name.split(".")[:-1])
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = own[: len(own) - node.level + 1] if node.level else ()
            stem = ".".join([*base, *([node.module] if node.module else [])])
            targets = [f"{stem}.{alias.name}" for alias in node.names]
        ours = (target for target in targets if f"{target}.".startswith(f"{package}."))
        found |= {_module(target, modules) for target in ours if target != f"{package}.__version__"}
    return found - {name}


def _module(target: str, modules: Mapping[str, Path]) -> str:
    """Return the module that an import of ``target`` reads: itself, or the one that defines it."""
    parts = target.split(".")[1:]
    while parts:
        for name in (".".join(parts), ".".join([*parts, "__init__"])):
            if name in modules:
                return name
        parts.pop()
    return "__init__"


def part_graph(graph: Graph, package: str = "") -> Graph:
    """Return what the direct parts (modules and packages) of a package import of each other.

    :param package: its dotted name; empty: the whole
    """
    prefix = f"{package}." if package else ""
    parts: Graph = defaultdict(set)
    for name, imported in graph.items():
        if name.startswith(prefix):
            part = name[len(prefix) :].split(".")[0]
            inside = (other[len(prefix) :] for other in imported if other.startswith(prefix))
            parts[part] |= {other.split(".")[0] for other in inside} - {part}
    return dict(parts)


def packages(graph: Graph) -> list[str]:
    """Return the dotted names of all packages; the whole is the empty one."""
    found = {""}
    for name in graph:
        parts = name.split(".")[:-1]
        found |= {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return sorted(found)


def circles(graph: Graph) -> set[frozenset[str]]:
    """Return the sets of parts that reach each other (the strongly connected components of more than one)."""
    reached = {part: _reached(graph, part) for part in graph}
    return {
        frozenset(component)
        for part in graph
        if len(component := {other for other in reached[part] if part in reached[other]}) > 1
    }


def _reached(graph: Graph, start: str) -> set[str]:
    found: set[str] = set()
    pending = list(graph[start])
    while pending:
        part = pending.pop()
        if part not in found:
            found.add(part)
            pending += graph.get(part, ())
    return found


def picture(graph: Graph) -> str:
    """Return the layers as a Mermaid diagram: an arrow is an import that no chain of other arrows implies."""
    inside = {part for layer in LAYERS[:-1] for part in layer}
    parts = {part: targets & inside for part, targets in part_graph(graph).items() if part in inside}
    lines = ["```mermaid", "flowchart TB"]
    for number in range(len(LAYERS) - 1, 0, -1):
        lines += [f'  subgraph L{number}["{number}"]', "    direction LR"]
        lines += [f'    {part}["{_label(part)}"]' for part in LAYERS[number - 1] if part in parts]
        lines += ["  end"]
    lines += [f"  {part} --> {other}" for part in sorted(parts) for other in sorted(_direct(parts, part))]
    return "\n".join([*lines, "```"])


def _label(part: str) -> str:
    return f"{part}/" if (PACKAGE / part).is_dir() else f"{part}.py"


def _direct(parts: Graph, part: str) -> Iterable[str]:
    targets = parts[part]
    implied = {other for each in targets for other in _reached(parts, each) if other != each}
    return targets - implied
