"""Where calls begin and wait: what each source adds, and what is an error."""

from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from stackswitch.analysis.boundaries import Boundaries
from stackswitch.errors import ConfigError
from stackswitch.models.trace import Suspension
from stackswitch.wasm.module import parse_module

MODULE = parse_module(
    bytes(
        wat2wasm("""(module
  (import "env" "js_wait" (func $wait))
  (import "env" "emscripten_resize_heap" (func $grow))
  (import "env" "invoke_v" (func))
  (import "wasi_snapshot_preview1" "fd_sync" (func))
  (func (export "go") (call $wait))
  (func (export "main") (call $grow))
  (func (export "tiny")))""")
    )
)


def test_a_list_counts_with_what_emscripten_adds() -> None:
    found = Boundaries(MODULE)
    found.add_lists({"JSPI_IMPORTS": ("js_*",), "JSPI_EXPORTS": ("g*",)}, "link.mk")
    assert found.suspend == {"env.js_wait", "wasi_snapshot_preview1.fd_sync"}
    assert found.promise == {"go", "main"}
    assert found.sources == ["link.mk: 2 imports, 2 exports"]


def test_a_list_for_asyncify_is_an_error() -> None:
    with pytest.raises(ConfigError, match="neither JSPI_IMPORTS nor JSPI_EXPORTS"):
        Boundaries(MODULE).add_lists({"ASYNCIFY_IMPORTS": ("js_wait",)}, "link.mk")


def test_glue_counts_for_imports_that_the_module_has() -> None:
    found = Boundaries(MODULE)
    found.add_glue("importPattern=/^(js_wait|more)$/;exportPattern=/^(go|main|x)$/;", "app.js")
    assert (found.suspend, found.promise) == ({"env.js_wait"}, {"go", "main"})
    with pytest.raises(ConfigError, match=r"other\.js: this glue has no pattern of JSPI"):
        found.add_glue("export {}", "other.js")
    with pytest.raises(ConfigError, match=r"patterns that cannot be read: wait\[ab\];"):
        found.add_glue("importPattern=/^(js_wait|wait[ab])$/;exportPattern=/^()$/;", "other.js")


def test_stacks_count_with_their_import_and_export() -> None:
    found = Boundaries(MODULE)
    stacks = [
        Suspension(module="", backend="jspi", import_=import_, export=export, frames=())
        for import_, export in (("env.js_wait", "go"), ("?.other", "gone"))
    ]
    found.add_stacks(stacks, "t.jsonl")
    assert (found.suspend, found.promise) == ({"env.js_wait"}, {"go"})


def test_patterns_must_match() -> None:
    found = Boundaries(MODULE)
    found.add_patterns(["js_*", "*.fd_sync"], ["*"])
    assert found.suspend == {"env.js_wait", "wasi_snapshot_preview1.fd_sync"}
    assert found.promise == {"go", "main", "tiny"}
    with pytest.raises(ConfigError, match="imports no function"):
        found.add_patterns(["nothing"], [])
    with pytest.raises(ConfigError, match="exports no function nothing"):
        found.add_patterns([], ["nothing"])


def test_all_imports_are_all_but_those_that_never_suspend() -> None:
    found = Boundaries(MODULE)
    found.add_every_import(["*.fd_*"])
    assert found.suspend == {"env.js_wait"}
    found.complete()
    assert found.promise == {"go"}
    assert found.sources[-1] == "the call graph: 0 imports, 1 export"
    with pytest.raises(ConfigError, match=r"imports no function env\.nothing"):
        found.add_every_import(["nothing"])


def test_all_imports_of_minified_names_are_known_by_the_glue() -> None:
    module = parse_module(
        bytes(
            wat2wasm("""(module (import "a" "a" (func $wait)) (import "a" "b" (func $grow))
              (func (export "c") (call $wait)) (func (export "d") (call $grow)))""")
        )
    )
    found = Boundaries(module)
    with pytest.raises(ConfigError, match=r"minified.*--glue"):
        found.add_every_import()
    found.import_names.update({"a.a": "js_wait", "a.b": "emscripten_resize_heap"})
    found.add_every_import(["emscripten_resize_*"])
    assert found.suspend == {"a.a"}
