"""Traces of real programs, built by Emscripten: every line reaches ``fix`` and ``report``, or is named."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

LIBRARY = """mergeInto(LibraryManager.library, {
  hold_on__sig: 'ii',
  hold_on: function(ms) {
    const soon = (done) => setTimeout(() => done(ms + 1), ms);
    return typeof Asyncify === 'undefined' ? new Promise(soon) : Asyncify.handleSleep(soon);
  },
  call_soon__sig: 'vii',
  call_soon: function(callback, value) {
    setTimeout(() => wasmTable.get(callback)(value), 1);
  },
});
"""
"""One import for both builds: each waits in its own way."""
SOURCES = {
    "pointer.c": """
        #include <emscripten.h>
        extern int hold_on(int);
        typedef int (*step)(int);
        volatile step chosen = hold_on;
        __attribute__((noinline)) int by_name(int n) { return hold_on(n) + 1; }
        __attribute__((noinline)) int by_pointer(int n) { return chosen(n) + 2; }
        EMSCRIPTEN_KEEPALIVE int go(int n) { return by_name(n) + by_pointer(n); }
        int main(void) { return 0; }""",
    "tried.cpp": """
        #include <emscripten.h>
        extern "C" int hold_on(int);
        typedef int (*step)(int);
        volatile step chosen = hold_on;
        struct Noisy { volatile int value; ~Noisy() { value = 0; } };
        __attribute__((noinline)) int guarded(int n) { Noisy noisy{n}; return chosen(n) + noisy.value; }
        extern "C" EMSCRIPTEN_KEEPALIVE int go(int n) {
          try { return guarded(n); } catch (int e) { return e; } }
        int main() { return 0; }""",
    "early.cpp": """
        extern "C" int hold_on(int);
        struct Setting { int value; Setting() : value(hold_on(1)) {} } setting;
        extern "C" __attribute__((used)) int go(int n) { return setting.value + n; }
        int main() { return 0; }""",
    "timer.c": """
        #include <emscripten.h>
        extern int hold_on(int);
        extern void call_soon(void (*)(int), int);
        static void fired(int n) { hold_on(n); }
        EMSCRIPTEN_KEEPALIVE int go(int n) { call_soon(fired, n); return hold_on(n); }
        int main(void) { return 0; }""",
    "own.c": """
        #include <emscripten.h>
        EM_ASYNC_JS(int, answer, (int n), { await 0; return n + 1; });
        __attribute__((noinline)) int asks(int n) { return answer(n); }
        EMSCRIPTEN_KEEPALIVE int go(int n) { emscripten_sleep(1); return asks(n); }
        int main(void) { return 0; }""",
}
PLAIN = ["-O1", "-g2", "--js-library", "library.js"]
ASYNCIFY = [*PLAIN, "-sASYNCIFY=1"]
BUILDS = {
    "pointer": ("pointer.c", [*ASYNCIFY, "-sASYNCIFY_IMPORTS=hold_on"]),
    "pointer_plain": ("pointer.c", PLAIN),
    "tried": ("tried.cpp", [*ASYNCIFY, "-fexceptions", "-sASYNCIFY_IMPORTS=hold_on"]),
    "tried_plain": ("tried.cpp", [*PLAIN, "-fexceptions"]),
    "early": ("early.cpp", PLAIN),
    "timer": ("timer.c", PLAIN),
    "own": ("own.c", ASYNCIFY),
    "own_plain": ("own.c", PLAIN),
}
RUN_ASYNCIFY = """delete globalThis.fetch;
const Module = require(`./${process.argv[2]}.js`);
Module.onRuntimeInitialized = () => Module.asm.go(3);
"""
RUN_JSPI = """delete globalThis.fetch;
// What -sJSPI glue of a later Emscripten does: the import suspends, and the exports are promising.
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async function (source, imports) {
  if (imports.env?.hold_on) imports.env.hold_on = new WebAssembly.Suspending(imports.env.hold_on);
  const { module, instance } = await Reflect.apply(instantiate, this, [source, imports]);
  const exports = { ...instance.exports };
  exports.go = WebAssembly.promising(exports.go);
  return { module, instance: { exports } };
};
process.on("uncaughtException", () => {});
const Module = require(`./${process.argv[2]}.js`);
Module.onRuntimeInitialized = async () => { try { await Module.asm.go(3); } catch {} };
"""

pytestmark = [
    pytest.mark.emscripten,
    pytest.mark.skipif(shutil.which("emcc") is None, reason="no emcc (Debian: emscripten)"),
]


def stackswitch(*args: object, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stackswitch", *map(str, args)],
        cwd=folder, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs, each as a module and its glue, and a trace of each."""
    folder = tmp_path_factory.mktemp("evidence")
    (folder / "library.js").write_text(LIBRARY)
    for name, source in SOURCES.items():
        (folder / name).write_text(source)
    for name, (source, flags) in BUILDS.items():
        done = subprocess.run(
            ["emcc", source, *flags, "-o", f"{name}.js"],
            cwd=folder, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        if done.returncode and "FROZEN_CACHE" in done.stderr:
            pytest.skip("emcc's cache lacks a system library")
        assert done.returncode == 0, done.stderr
    (folder / "asyncify.cjs").write_text(RUN_ASYNCIFY)
    (folder / "jspi.cjs").write_text(RUN_JSPI)
    for name, runner in (("pointer", "asyncify"), ("tried", "asyncify"), ("own", "asyncify"),
                         ("pointer_plain", "jspi"), ("early", "jspi"), ("timer", "jspi")):  # fmt: skip
        done = stackswitch(
            "trace", "--output", f"{name}.jsonl", "--engine", "node@26", "--", "node", f"{runner}.cjs", name,
            folder=folder,
        )  # fmt: skip
        assert (folder / f"{name}.jsonl").exists(), done.stderr
    return folder


def fixed(built: Path, trace: str, module: str, text: str, *more: str) -> tuple[int, dict[str, Any], str]:
    """Run ``fix`` over a trace: the exit status, the report, and the file of the list."""
    target = built / "Dockerfile"
    target.write_text(text)
    done = stackswitch(
        "fix", "--trace", f"{trace}.jsonl", "--module", f"{module}.wasm", "--list", target,
        "--json", "-", *more, folder=built,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout), target.read_text()


ONLY = "FROM scratch\nRUN export ASYNCIFY_ONLY=$'\"go\"'\n"


@pytest.mark.parametrize("trace", ["pointer", "pointer_plain"])
def test_waits_through_a_table_count(built: Path, trace: str) -> None:
    status, report, text = fixed(built, trace, "pointer_plain", ONLY)
    assert (status, report["verdict"]) == (0, "covers-traces")
    assert '"by_name"' in text
    assert '"by_pointer"' in text
    (use,) = report["traces"]
    assert (use["used"], use["unused"], use["stacks"]) == (use["lines"], [], 2)


def test_waits_through_invoke_count_and_what_the_plain_build_lacks_is_named(built: Path) -> None:
    status, report, text = fixed(built, "tried", "tried_plain", ONLY)
    assert '"guarded(int)"' in text
    assert report["modules"][0]["imports"] == ["env.hold_on"]
    # Emscripten adds dynCall_* to Asyncify builds: the plain one has none.
    unused = [(each["reason"], each["what"]) for each in report["traces"][0]["unused"]]
    assert (status, report["verdict"], unused) == (1, "incomplete", [("no-name", ["dynCall_ii"])])


def test_a_refused_constructor_reaches_the_list_of_exports(built: Path) -> None:
    lists = ONLY + "RUN export FLAGS=' -sJSPI_IMPORTS=hold_on -sJSPI_EXPORTS=go '\n"
    status, report, text = fixed(built, "early", "early", lists)
    assert (status, report["verdict"], report["traps"]) == (0, "covers-traces", [])
    assert "-sJSPI_EXPORTS=go,__wasm_call_ctors" in text
    assert "-sJSPI_IMPORTS=hold_on " in text
    assert '"__wasm_call_ctors"' in text
    status, report, _ = fixed(built, "early", "early", ONLY)
    assert (status, report["verdict"]) == (1, "not-mended")
    assert "has no list JSPI_EXPORTS" in report["traps"][0]["why"]


def test_a_refusal_that_no_list_mends_is_said(built: Path) -> None:
    lists = ONLY + "RUN export FLAGS=' -sJSPI_IMPORTS=hold_on -sJSPI_EXPORTS=go '\n"
    status, report, text = fixed(built, "timer", "timer", lists)
    assert (status, report["verdict"]) == (1, "not-mended")
    assert [(each["cause"], "fired" in each["why"]) for each in report["traps"]] == [("not-exported", True)]
    assert '"fired"' in text
    assert "-sJSPI_EXPORTS=go '" in text


@pytest.mark.parametrize(
    ("trace", "level", "rule", "told"),
    [
        (
            "early",
            "ready-with-changes",
            "jspi-list-missing",
            "0 waits of 1 trace went well on JSPI, 1 suspension",
        ),
        (
            "timer",
            "ready-with-changes",
            "entry-not-promising",
            "1 wait of 1 trace went well on JSPI, 1 suspension",
        ),
        ("pointer_plain", "ready", "shared-stack", "2 waits of 1 trace went well on JSPI, none was refused"),
    ],
)
def test_the_verdict_is_drawn_from_the_trace(
    built: Path, trace: str, level: str, rule: str, told: str
) -> None:
    command = ["report", "--trace", f"{trace}.jsonl", f"{trace}.wasm"]
    report = json.loads(stackswitch(*command, "--json", "-", folder=built).stdout)
    assert report["level"] == level, report["headline"]
    assert rule in {each["rule"] for each in report["findings"]}
    assert told in report["headline"]
    assert "not-run" not in {each["rule"] for each in report["findings"]}
    for form in ("--markdown", "--html"):
        assert "lines of 1 trace used" in stackswitch(*command, form, "-", folder=built).stdout


@pytest.mark.parametrize("spelling", ["hold_on", "env.hold_on", "hold*", "env.*"])
def test_an_import_has_two_spellings(built: Path, spelling: str) -> None:
    text = ONLY.replace('"go"', '"go","by_name","by_pointer"')
    text += f"RUN export ASYNCIFY_IMPORTS=$'[\"{spelling}\"]'\n"
    text += f"RUN export FLAGS=' -sJSPI_IMPORTS={spelling} -sJSPI_EXPORTS=go '\n"
    for trace in ("pointer_plain", "pointer"):
        status, report, after = fixed(built, trace, "pointer_plain", text, "--check")
        assert (status, report["verdict"], report["edits"], after) == (0, "covers-traces", [], text)


def test_what_emscripten_makes_asynchronous_by_itself_is_not_missing(built: Path) -> None:
    text = ONLY.replace('"go"', '"go","asks","answer"') + "RUN export ASYNCIFY_IMPORTS=$'[\"other\"]'\n"
    status, report, _ = fixed(built, "own", "own_plain", text, "--check")
    assert report["modules"][0]["imports"] == ["env.__asyncjs__answer", "env.emscripten_sleep"]
    assert (status, report["edits"]) == (0, []), report


def test_a_build_is_no_module_to_draw_a_list_for(built: Path) -> None:
    done = stackswitch("fix", "--trace", "own.jsonl", "--module", "own.wasm", "--list", "x", folder=built)
    assert (done.returncode, "own.wasm: is an Asyncify build" in done.stderr) == (4, True)


def test_a_trace_of_the_jspi_build_leaves_the_list_of_the_asyncify_build(built: Path) -> None:
    text = ONLY + "RUN export ASYNCIFY_IMPORTS=$'[\"other\"]'\nRUN export FLAGS=' -sJSPI_IMPORTS=other '\n"
    status, report, after = fixed(built, "pointer_plain", "pointer_plain", text)
    assert status == 0
    assert "ASYNCIFY_IMPORTS=$'[\"other\"]'" in after
    assert "-sJSPI_IMPORTS=other,hold_on" in after
    assert any("env.hold_on was not added to ASYNCIFY_IMPORTS" in each for each in report["notes"])
    _, _, after = fixed(built, "pointer", "pointer_plain", text)
    assert '["other","hold_on"]' in after


TWO = """
import { readFileSync } from "node:fs";
const load = (name) => new WebAssembly.Module(readFileSync(name));
const wait = new WebAssembly.Suspending(async (n) => { await 0; return n + 10; });
const side = new WebAssembly.Instance(load("side.wasm"), { env: { wait } });
const { exports } = new WebAssembly.Instance(load("main.wasm"), { side: side.exports });
if (await WebAssembly.promising(exports.main)(1) !== 22) throw new Error("wrong");
"""
MAIN = """(module (import "side" "step" (func $step (param i32) (result i32)))
  (func $twice (param i32) (result i32) (i32.mul (i32.const 2) (call $step (local.get 0))))
  (func $main (export "main") (param i32) (result i32) (call $twice (local.get 0))))"""
SIDE = """(module (import "env" "wait" (func $wait (param i32) (result i32)))
  (func $ask (param i32) (result i32) (call $wait (local.get 0)))
  (func $step (export "step") (param i32) (result i32) (call $ask (local.get 0))))"""


def test_a_list_and_a_verdict_for_each_module(tmp_path: Path) -> None:
    for name, text in (("main", MAIN), ("side", SIDE)):
        (tmp_path / f"{name}.wasm").write_bytes(bytes(wat2wasm(text)))
    (tmp_path / "run.mjs").write_text(TWO)
    traced = stackswitch(
        "trace", "--engine", "node@26", "--output", "t.jsonl", "--", "node", "run.mjs", folder=tmp_path
    )
    assert traced.returncode == 0, traced.stderr
    command = ["fix", "--trace", "t.jsonl", "--module", "main.wasm"]
    alone = stackswitch(*command, "--list", "main.txt", "--json", "-", folder=tmp_path)
    assert alone.returncode == 1
    report = json.loads(alone.stdout)
    assert (report["verdict"], [each["reason"] for each in report["traces"][0]["unused"]]) == (
        "incomplete",
        ["other-module"],
    )
    (tmp_path / "main.txt").unlink()
    both = [*command, "--module", "side.wasm"]
    done = stackswitch(*both, "--list", "main.txt", "--list", "side.txt", "--json", "-", folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "main.txt").read_text().split() == ["main", "twice"]
    assert (tmp_path / "side.txt").read_text().split() == ["ask", "step"]
    modules = json.loads(done.stdout)["modules"]
    assert [(each["module"], each["imports"]) for each in modules] == [
        ("main.wasm", ["side.step"]),
        ("side.wasm", ["env.wait"]),
    ]
    one = stackswitch(*both, "--list", "all.txt", folder=tmp_path)
    assert one.returncode == 0, one.stdout
    assert (tmp_path / "all.txt").read_text().split() == ["ask", "main", "step", "twice"]
    three = stackswitch(*both, *(f"--list={each}.txt" for each in "abc"), folder=tmp_path)
    assert (three.returncode, "one for each module, in their order" in three.stderr) == (4, True)
    shown = stackswitch(
        "report", "main.wasm", "side.wasm", "--trace", "t.jsonl", "--json", "-", folder=tmp_path
    )
    report = json.loads(shown.stdout)
    derived = {
        each["name"]: {of["list"]: of["derived"] for of in each["lists"]} for each in report["modules"]
    }
    assert derived == {
        "main.wasm": {"ASYNCIFY_ONLY": ["main", "twice"], "JSPI_EXPORTS": ["main"]},
        "side.wasm": {"ASYNCIFY_ONLY": ["ask", "step"], "JSPI_IMPORTS": ["env.wait"]},
    }
