"""Programs of the system's emcc, SQLite and PHP from npm: the npm package makes what the command makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackswitch.errors import StackswitchError
from stackswitch.tools.downloads import npm_packages
from stackswitch.transform.reentrant import ReentrantRequest, make_reentrant
from tests.requirements import missing

from ..reentrant.conftest import Compile, emcc
from ..reentrant.test_linked import plain as linked
from ..reentrant.test_threads import plain as threads
from .conftest import ROOT, Compare

__all__ = ["emcc", "linked", "threads"]
WITH_MALLOC = ("-sEXPORTED_FUNCTIONS=_malloc,_main", "-sALLOW_MEMORY_GROWTH")


def packages(folder: Path, what: str) -> Path:
    try:
        return npm_packages(folder) / "node_modules"
    except StackswitchError as error:
        missing(what, f"it cannot be installed: {error}")


@pytest.mark.emscripten
@pytest.mark.parametrize(
    "options",
    [
        ("-O1", "-g2"),
        ("-O1",),
        ("-O1", "-sSTACK_OVERFLOW_CHECK=2", "-g2"),
        ("-O1", "-g2", "-fwasm-exceptions"),
    ],
    ids=" ".join,
)
def test_c(emcc: Compile, compare_files: Compare, options: tuple[str, ...]) -> None:
    module = emcc("overlap.c", *WITH_MALLOC, *options)
    for more in ({}, {"region_bytes": 8192}, {"malloc": "malloc"}):
        assert "sha256" in compare_files(module, suspend=("pause_for",), promise=("work", "nest"), **more)
        assert "sha256" in compare_files(module, all_imports=True, **more)


@pytest.mark.emscripten
@pytest.mark.parametrize("options", [(), ("-sWASM_BIGINT",)], ids=["halves", "bigint"])
def test_c_plus_plus_with_exceptions_in_javascript(
    emcc: Compile,
    compare_files: Compare,
    options: tuple[str, ...],
) -> None:
    module = emcc("exceptions.cpp", "-fexceptions", "-O1", "-g2", *WITH_MALLOC[1:], *options)
    made = compare_files(module, suspend=("pause_for",), invokes=True)
    assert made["invokes"]
    assert made["throwing"]


@pytest.mark.emscripten
def test_dynamic_linking(linked: Path, compare_files: Compare) -> None:
    main = linked / "main.wasm"
    made = compare_files(main, suspend=("pause_for",), promise=("work", "nest"), main_module=True)
    assert "sha256" in made
    request = ReentrantRequest(
        wasm=main.read_bytes(), suspend=("env.pause_for",), promise=("work",), main_module=True
    )
    hub = make_reentrant(request).wasm
    for name in ("side", "late"):
        options = {"suspend": ("pause_for",), "side_of": hub}
        assert "sha256" in compare_files(linked / f"{name}.wasm", **options)
        compare_files(linked / f"{name}.wasm", all_imports=True, side_of=hub)
    assert compare_files(linked / "side.wasm", suspend=("pause_for",))["reason"] == "dynamic-linking"


@pytest.mark.emscripten
def test_threads(threads: Path, compare_files: Compare) -> None:
    assert "sha256" in compare_files(threads / "threads.wasm", suspend=("pause_for",), promise=("work",))
    compare_files(threads / "threads.wasm", all_imports=True)


@pytest.mark.corpus
@pytest.mark.parametrize(
    "name", ["wa-sqlite-jspi", "mc-wa-sqlite-jspi", "wa-sqlite-async", "wa-sqlite-dynamic-main"]
)
def test_sqlite(compare_files: Compare, name: str) -> None:
    folder = packages(ROOT / "tests" / "corpus", "corpus")
    module = folder / "@journeyapps" / "wa-sqlite" / "dist" / f"{name}.wasm"
    glue = module.with_suffix(".mjs").read_text("utf-8")
    made = compare_files(module, glue=glue)
    assert ("sha256" in made) == name.endswith("-jspi")
    if "sha256" in made:
        assert made["promise"]


@pytest.mark.php
def test_php(compare_files: Compare) -> None:
    folder = packages(ROOT / "examples" / "php", "php")
    (module,) = folder.glob("@php-wasm/node-8-3/jspi/*/php_8_3.wasm")
    glue = (module.parents[1] / "php_8_3.js").read_text("utf-8")
    assert compare_files(module, glue=glue)["reason"] == "dynamic-linking"
    assert "sha256" in compare_files(module, glue=glue, main_module=True)
