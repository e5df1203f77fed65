"""The closing loop: a program's JSPI glue on a build that we made by a list, over the polyfill."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from .conftest import CASE, Test

NODES = ("node@20", "node@24", "node@26")


def listed(suite: Path, *names: str) -> Path:
    path = suite.parent / "names.txt"
    path.write_text("".join(f"{name}\n" for name in names))
    return path


@pytest.mark.network
@pytest.mark.parametrize("engine", NODES)
def test_a_whole_list_is_proved_on_any_node(suite: Path, tested: Test, engine: str) -> None:
    (suite / "once.toml").write_text(CASE)
    names = listed(suite, "outer", "middle", "leaf")
    ran = tested("--backend", "asyncify", "--build", "instrumented", "--list", names, "--engine", engine)
    assert ran.status == 0, ran.stdout + ran.stderr
    result = ran.results["once", "asyncify"]
    assert (result["build"], result["suspensions"], result["missing"]) == ("instrumented", 1, {})


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (("outer", "middle"), ["leaf"]),
        (("outer", "leaf"), ["middle"]),
        (("middle", "leaf"), ["outer"]),
        (("no_such_name",), ["leaf", "middle", "outer"]),
    ],
)
def test_a_list_that_falls_short_is_told_by_name(
    suite: Path, tested: Test, names: tuple[str, ...], missing: list[str]
) -> None:
    (suite / "once.toml").write_text(CASE)
    options = ("--backend", "asyncify", "--build", "instrumented", "--list", listed(suite, *names))
    ran = tested(*options)
    result = ran.results["once", "asyncify"]
    assert (ran.status, result["outcome"]) == (1, "needs-list-fix")
    assert result["missing"] == {"ASYNCIFY_ONLY": missing}
    assert any("no_such_name" in line for line in result["warnings"]) == ("no_such_name" in names)


def test_without_a_list_it_is_what_jspi_shows(suite: Path, tested: Test) -> None:
    (suite / "once.toml").write_text(CASE)
    (suite / "suite.toml").write_text('[backend.asyncify]\nbuild = "instrumented"\n')
    ran = tested()
    assert ran.status == 0, ran.stdout + ran.stderr
    assert {key: each["build"] for key, each in ran.results.items()} == {
        ("once", "jspi"): None,
        ("once", "asyncify"): "instrumented",
    }
    plain = hashlib.sha256((suite / "guest.wasm").read_bytes()).hexdigest()
    assert {each["module"] for each in ran.results.values()} == {plain}


@pytest.mark.parametrize(
    "how",
    [
        "new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { wait } })",
        "await WebAssembly.instantiate(await WebAssembly.compile(bytes), { env: { wait } })",
        "(await WebAssembly.instantiate(new Uint8Array(bytes).buffer, { env: { wait } })).instance",
        "(await WebAssembly.instantiateStreaming(streamed(), { env: { wait } })).instance",
        "await WebAssembly.instantiate(await WebAssembly.compileStreaming(Promise.resolve(streamed())),"
        " { env: { wait } })",
    ],
)
def test_every_way_to_make_an_instance(suite: Path, tested: Test, how: str) -> None:
    (suite / "once.toml").write_text(CASE)
    (suite / "jspi.mjs").write_text(
        f"""import {{ readFileSync }} from "node:fs";
const wait = new WebAssembly.Suspending((n) => new Promise((done) => setTimeout(done, 1, n)));
const bytes = readFileSync(new URL("guest.wasm", import.meta.url));
const streamed = () => new Response(bytes, {{ headers: {{ "content-type": "application/wasm" }} }});
const instance = {how};
if (!(instance instanceof WebAssembly.Instance)) throw new Error("not an instance");
export const run = WebAssembly.promising(instance.exports.run);
export const steps = instance.exports.steps;
"""
    )
    names = listed(suite, "outer", "middle", "leaf")
    ran = tested("--backend", "asyncify", "--build", "instrumented", "--list", names)
    assert ran.outcome("once", "asyncify") == "returned", ran.stdout


def test_workers_and_child_processes_run_builds_too(suite: Path, tested: Test) -> None:
    (suite / "worker.mjs").write_text(
        """import { Worker } from "node:worker_threads";
new Worker(new URL("main.mjs", import.meta.url), { argv: ["5"] });
"""
    )
    (suite / "child.mjs").write_text(
        """import { spawnSync } from "node:child_process";
spawnSync(process.execPath, ["main.mjs", "5"], { stdio: "inherit" });
"""
    )
    for name in ("worker", "child"):
        (suite / f"{name}.toml").write_text(CASE.replace('"main.mjs", "5"', f'"{name}.mjs"'))
    names = listed(suite, "outer", "middle", "leaf")
    ran = tested("--backend", "asyncify", "--build", "instrumented", "--list", names)
    assert {case: each["outcome"] for (case, _), each in ran.results.items()} == {
        "worker": "returned",
        "child": "returned",
    }, ran.stdout
    assert {each["suspensions"] for each in ran.results.values()} == {1}


def test_what_binaryen_cannot_take_is_told(suite: Path, tested: Test) -> None:
    (suite / "once.toml").write_text(CASE)
    tail = "(func $tail (param i32) (result i32) (return_call $wait (local.get 0)))"
    text = (suite / "guest.wat").read_text().replace("(memory (export", f"{tail}\n  (memory (export")
    text = text.replace("(call $wait (local.get 0))", "(call $tail (local.get 0))")
    (suite / "guest.wasm").write_bytes(bytes(wat2wasm(text)))
    names = listed(suite, "outer", "middle", "leaf", "tail")
    ran = tested("--backend", "asyncify", "--build", "instrumented", "--list", names)
    result = ran.results["once", "asyncify"]
    assert result["outcome"] == "error"
    assert "Binaryen cannot instrument the module" in result["detail"]
