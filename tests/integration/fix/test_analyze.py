"""``analyze`` as a user has it: on real modules, builds and traces."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.wasm.module import parse_module

from .conftest import CHAIN

LUA = CONFORMANCE_SUITE / "programs" / "lua.wasm"


def stackswitch(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stackswitch", *map(str, args)], capture_output=True, text=True, timeout=300
    )


def test_lua(tmp_path: Path) -> None:
    done = stackswitch("analyze", LUA, "--imports", "host.wait", "--json", tmp_path / "a.json")
    assert done.returncode == 0, done.stderr
    analysis = json.loads((tmp_path / "a.json").read_text())
    assert {each["policy"]: each["functions"] for each in analysis["policies"]}["auto"] == 479
    assert analysis["brings_in"][1]["callee"] == "host_wait"
    assert "`script_wait`" in done.stdout
    why = stackswitch("analyze", LUA, "--imports", "host.wait", "--why", "auxsort")
    assert "  - calls through a table `sort`\n  - calls `auxsort`" in why.stdout


def test_a_build_against_its_list(tmp_path: Path) -> None:
    build, names = tmp_path / "lua.wasm", tmp_path / "only.txt"
    names.write_text("luaV_execute\nluaD_call\n")
    command = ["instrument", LUA, "--list", names, "--imports", "host.wait", "-o", build]
    assert stackswitch(*command).returncode == 0
    names.write_text("luaV_execute\nsort\nsrot\n")
    done = stackswitch("analyze", build, "--list", names, "--json", "-", "--strict")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["asyncified"]
    assert found["build"] == {"instrumented": 2, "not_listed": ["luaD_call"], "not_instrumented": ["sort"]}
    assert [each["entry"] for each in found["lists"][0]["findings"]] == ["srot"]


def test_a_module_without_names(tmp_path: Path) -> None:
    text = CHAIN.replace("$leaf", "1").replace("$mid", "2").replace("$never", "").replace("$main", "")
    module = tmp_path / "m.wasm"
    module.write_bytes(bytes(wat2wasm(text.replace("func 1", "func").replace("func 2", "func"))))
    done = stackswitch("analyze", module, "--imports", "env.wait", "--why", "2")
    assert done.returncode == 0, done.stderr
    assert "the module has no names" in done.stdout or "(0 with a name)" in done.stdout
    assert "calls through a table" in stackswitch("analyze", module, "--why", "func[2]").stdout


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["none.wasm"], 4, "none.wasm: this module cannot be read"),
        ([str(LUA), "--why", "luaV_exec"], 4, "no function 'luaV_exec'; there are 'luaV_execute'"),
        ([str(LUA), "--trace", "/none.jsonl"], 4, "this trace cannot be read"),
        ([str(LUA), "--trace", __file__], 4, "line 1 is no line of a trace"),
        ([str(LUA), "--json", "-", "--markdown", "-"], 4, "standard output"),
        ([str(LUA), "--list", str(LUA)], 13, "binary file"),
    ],
)
def test_what_cannot_be_done_is_one_clear_message(arguments: list[str], status: int, says: str) -> None:
    done = stackswitch("analyze", *arguments)
    assert done.returncode == status, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_what_assertions_save_and_what_lists_cover_of_cases_left_out(tmp_path: Path) -> None:
    module, traces = tmp_path / "m.wasm", tmp_path / "traces"
    module.write_bytes(bytes(wat2wasm(CHAIN)))
    for case, frames in (("one", "leaf main"), ("two", "leaf mid main"), ("three", "leaf main")):
        traces.mkdir(exist_ok=True)
        index = {"leaf": 1, "mid": 2, "main": 4}
        stack = [[index[each], -1, each] for each in frames.split()]
        line = {"kind": "suspension", "module": parse_module(module.read_bytes()).sha256, "backend": "jspi"}
        line |= {"import": "env.wait", "export": "main", "frames": stack}
        start = {"kind": "start", "schema_version": 1, "process": 1, "engine": "node", "engine_version": "26"}
        (traces / f"{case}.jsonl").write_text(f"{json.dumps(start)}\n{json.dumps(line)}\n")
    (tmp_path / "stackswitch.toml").write_text('[lists]\nnever = ["mi*"]\nalways = ["never", "elsewhere"]\n')
    command = [sys.executable, "-m", "stackswitch", "analyze"]
    command += ["m.wasm", "--trace", "traces", "--json", "a.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "a.json").read_text())
    covered = {each["policy"]: each["covered"] for each in found["left_out"]}
    assert covered["observed"] == 2
    effects = {
        (each["kind"], each["entry"], on["policy"]): on["functions"]
        for each in found["assertions"]
        for on in each["policies"]
    }
    assert effects["never", "mi*", "typed"] == 3  # mid, and main and never that only go through it
    assert effects["always", "never", "dispatch"] == 1
    assert effects["always", "elsewhere", "auto"] == 0
    assert "never `mi*`" in done.stdout
    assert "covers, of 3 cases (3 parts left out in turn)" in done.stdout
