"""What glue of several versions of Emscripten says of suspending imports and promising exports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.lists.glue import read_glue

NEW = """
var Asyncify = { instrumentWasmImports(imports) {
  var importPattern = /^(js_wait|invoke_.*|__asyncjs__.*)$/;
  for (let [x, original] of Object.entries(imports)) {
    let isAsyncifyImport = original.isAsync || importPattern.test(x);
} }, instrumentWasmExports(exports) { var exportPattern = /^(go|main|__main_argc_argv)$/; } };
function _fetch_it() {} _fetch_it.isAsync = true;
var wasmImports = { /** @export */ fetch_it: _fetch_it, /** @export */ js_wait: _js_wait };
"""
MINIFIED = (
    "importPattern=/^(js_wait|__asyncjs__.*)$/;exportPattern=/^(go)$/;_slow.isAsync=true;"
    "var wasmImports={a:_slow,b:_js_wait,c:invoke_vi};"
)
OLD = """
var ASYNCIFY_IMPORTS = ["env.js_wait","env.invoke_*","wasi_snapshot_preview1.fd_sync"];
var isAsyncifyImport = ASYNCIFY_IMPORTS.indexOf(x) >= 0 || x.startsWith('__asyncjs__');
var ASYNCIFY_EXPORTS = ["go"];
"""
BETWEEN = """
var importPatterns = [/^js_wait$/,/^invoke_.*$/,/^__asyncjs__.*$/];
var exportPatterns = [/^go$/,/^main$/];
var asmLibraryArg = { "js_wait": _js_wait, "later": _later };
_later.isAsync = true;
"""

# As the Closure Compiler writes it: variables and properties are renamed, functions moved into the object.
CLOSED = (
    "var p={load:(a,b)=>{return/[,}]/.test(a)?`},${b}`:'}'},"
    'js_wait:function(a){return w(async()=>({x:a}))},fetch_it:t,other:u,"waits":v};t.h=!0;v.h = !0;u.g=!0;'
    "function q(){var a=p,b=/^(invoke_.*|__asyncjs__.*|js_wait)$/;for(let [c,d]of Object.entries(a))"
    'typeof d=="function"&&(d.h||b.test(c))&&(a[c]=d=new WebAssembly.Suspending(d))}'
    "function r(c){var f=/^(go|main)$/;s=new Set;var g={};for(let [k,l]of Object.entries(c))"
    'typeof l=="function"&&f.test(k)&&(s.add(l),l=WebAssembly.promising(l)),g[k]=l;return g}'
    "var z=/^(x|y)$/;z.test(e);var i={env:p,wasi_snapshot_preview1:p};"
)


@pytest.mark.parametrize(
    ("text", "imports", "exports"),
    [
        (NEW, {"js_wait", "fetch_it", "invoke_vii", "__asyncjs__f"}, {"go", "main"}),
        (MINIFIED, {"a", "js_wait", "__asyncjs__f"}, {"go"}),
        (OLD, {"js_wait", "fd_sync", "invoke_vii"}, {"go"}),
        (BETWEEN, {"js_wait", "later", "invoke_vii", "__asyncjs__f"}, {"go", "main"}),
        (CLOSED, {"js_wait", "fetch_it", "waits", "invoke_vii", "__asyncjs__f"}, {"go", "main"}),
    ],
    ids=["6.0", "minified", "3.1.6", "3.1.40", "closure"],
)
def test_what_suspends_and_what_is_promising(text: str, imports: set[str], exports: set[str]) -> None:
    glue = read_glue(text)
    names = {
        "js_wait",
        "fetch_it",
        "later",
        "a",
        "b",
        "fd_sync",
        "invoke_vii",
        "__asyncjs__f",
        "other",
        "waits",
    }
    assert glue.is_jspi
    assert {each for each in names if glue.suspends(each)} == imports
    assert {each for each in ("go", "main", "other") if glue.promises(each)} == exports


def test_short_names_are_known() -> None:
    assert read_glue(MINIFIED).names == {"a": "slow", "b": "js_wait", "c": "invoke_vi"}
    assert read_glue("wasmImports={f,g:_g}").names == {"f": "f", "g": "g"}
    assert read_glue("wasmImports={/** @export */ f: _g, h: (a) => a, i: _j}").names == {"f": "g", "i": "j"}


def test_names_that_the_closure_compiler_gives_are_known_as_such() -> None:
    glue = read_glue(CLOSED)
    assert glue.renamed
    assert glue.names == {"fetch_it": "t", "other": "u", "waits": "v"}
    assert not read_glue(NEW).renamed


def test_other_text_says_nothing() -> None:
    assert not read_glue("export default () => fetch('/x');").is_jspi


def test_a_pattern_that_no_linker_writes_is_left_out() -> None:
    glue = read_glue("importPattern=/^((a+)+b|js_wait)$/;exportPattern=/^(x{3})$/;")
    assert glue.imports == ("js_wait",)
    assert glue.exports == ()


@given(st.text(alphabet="/^$()|.*aI=mportPaternwsm{}:,_'\"[]\n"))
def test_any_text_can_be_read(text: str) -> None:
    read_glue(text)
    read_glue(f"importPattern=/^({text})$/;wasmImports={{{text}")


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("let importPattern = /^(a|b.*|c\\d|(d))$/;", ("c\\d", "(d)")),
        ("var exportPattern = /^(go|ma?in)$/i;importPattern=/^(x)$/", ("ma?in",)),
        ("importPattern = /wait/;", ("/wait/",)),
        ("const importPattern =\n new RegExp(list.join('|'));", ("new RegExp(list.join('|'))",)),
        ("var ASYNCIFY_IMPORTS = ['env.a', 'env.b+'];", ("env.b+",)),
        (
            "if (importPattern == x) y(); var exportPattern = /^()$/;importPattern=/^(a)$/;",
            (),
        ),
    ],
)
def test_patterns_that_cannot_be_read_are_named(text: str, unread: tuple[str, ...]) -> None:
    assert read_glue(text).unread == unread
