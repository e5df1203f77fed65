"""Modules import from their own layer or a lower one, and no imports form a circle.

``docs/layers.py`` has the table of layers. What is not yet as it should be stands in ``UPWARD`` and
``CIRCLES``. An entry that is no longer needed fails as well.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from docs import layers

GRAPH = layers.module_graph()

UPWARD: set[str] = set()
"""Imports across or up the layers that remain, as ``module -> module``."""
CIRCLES: set[tuple[str, frozenset[str]]] = set()
"""Circles that remain: the package, and the parts of it that import each other."""


def test_every_part_has_a_layer() -> None:
    parts = [part for layer in layers.LAYERS for part in layer]
    assert len(parts) == len(set(parts))
    unplaced = layers.part_graph(GRAPH).keys() - set(parts)
    assert not unplaced, f"give {unplaced} a layer in docs/layers.py"


def upward() -> set[str]:
    """Return the imports that lead to a higher layer, or across an inner one."""
    found = set()
    for module, imported in GRAPH.items():
        for other in imported:
            above = layers.layer_of(other.split(".")[0]) > layers.layer_of(module.split(".")[0])
            if above or any(crosses(package, module, other) for package in layers.INNER_LAYERS):
                found.add(f"{module} -> {other}")
    return found


def crosses(package: str, module: str, other: str) -> bool:
    """Whether an import within a package is one up or across its inner layers."""
    own, target = inner_place(package, module), inner_place(package, other)
    if own is None or target is None or own == target:
        return False
    return own[0] <= target[0] and target[0] > 0


def inner_place(package: str, module: str) -> tuple[int, str] | None:
    """Return the inner layer and part of a module; layer 0 is the common base, None: not in the package.

    A package's own module (``__init__``) opens what is in the package: it may import from all inner layers.
    """
    if not module.startswith(f"{package}."):
        return None
    part = module[len(package) + 1 :].split(".")[0]
    numbers = {name: number for number, names in enumerate(layers.INNER_LAYERS[package], 1) for name in names}
    if part == "__init__":
        return len(layers.INNER_LAYERS[package]) + 1, part
    return numbers.get(part, 0), part


def test_modules_import_from_their_own_layer_or_a_lower_one() -> None:
    assert upward() == UPWARD


def test_no_imports_form_a_circle() -> None:
    found = {
        (package, circle)
        for package in layers.packages(GRAPH)
        for circle in layers.circles(layers.part_graph(GRAPH, package))
    }
    assert found == CIRCLES


@pytest.mark.parametrize("package", layers.INNER_LAYERS)
def test_each_package_with_siblings_has_an_inner_layer(package: str) -> None:
    named = {name for names in layers.INNER_LAYERS[package] for name in names}
    folder = layers.PACKAGE.joinpath(*package.split("."))
    assert {each.name for each in folder.iterdir() if (each / "__init__.py").exists()} <= named


def test_the_graph_counts_every_kind_of_import(tmp_path: Path) -> None:
    root = tmp_path / "app"
    (root / "inner").mkdir(parents=True)
    (root / "__init__.py").write_text("__version__ = '1'\n")
    (root / "inner" / "__init__.py").write_text("")
    (root / "inner" / "a.py").write_text("from . import b\nfrom .. import __version__\nimport json\n")
    (root / "inner" / "b.py").write_text("def f():\n    from app.inner.a import x\n")
    (root / "c.py").write_text("if TYPE_CHECKING:\n    from .inner import y\nimport app.inner.b\n")
    graph = layers.module_graph(root)
    assert graph == {
        "__init__": set(),
        "c": {"inner.__init__", "inner.b"},
        "inner.__init__": set(),
        "inner.a": {"inner.b"},
        "inner.b": {"inner.a"},
    }
    assert layers.packages(graph) == ["", "inner"]
    assert layers.part_graph(graph) == {"__init__": set(), "c": {"inner"}, "inner": set()}
    assert layers.circles(layers.part_graph(graph, "inner")) == {frozenset({"a", "b"})}
    assert not layers.circles(layers.part_graph(graph))
