"""``node --import stackswitch-jspi/register``: modules become re-entrant as they are loaded."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from stackswitch.engines.targets import engine_program
from stackswitch.tools.paths import wheel_node

RIGHT = [1, 2, 3, 4]
WAYS = ("instantiate", "instantiate-module", "new-instance", "instantiate-streaming", "compile-streaming")
REGISTERED = ("--import", "stackswitch-jspi/register")


def run(
    project: Path, *flags: str, way: str = "instantiate", module: str = "kinds.wasm", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [wheel_node(), "--experimental-wasm-jspi", *flags, "registered.mjs", module, way],
        cwd=project,
        env={**os.environ, "STACKSWITCH_CACHE": str(project / "cache"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("way", WAYS)
def test_calls_that_overlap_are_right_in_every_way_to_load(project: Path, way: str) -> None:
    before = run(project, way=way)
    assert json.loads(before.stdout) != RIGHT, before.stderr
    after = run(project, *REGISTERED, way=way)
    assert json.loads(after.stdout) == RIGHT, after.stderr
    assert "Reentrant" not in after.stderr


@pytest.mark.network
@pytest.mark.parametrize(("engine", "flags"), [("node@24", ["--experimental-wasm-jspi"]), ("node@26", [])])
def test_other_versions_of_node(project: Path, engine: str, flags: list[str]) -> None:
    program = engine_program(engine)
    assert program is not None
    for way in WAYS:
        argv = [program, *flags, *REGISTERED, "registered.mjs", "kinds.wasm", way]
        environment = {**os.environ, "STACKSWITCH_CACHE": str(project / "cache")}
        done = subprocess.run(
            argv, cwd=project, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == RIGHT
        assert not done.stderr


def test_what_was_made_is_kept(project: Path, tmp_path: Path) -> None:
    def kept() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (tmp_path / "reentrant").iterdir()}

    def registered(**environment: str) -> object:
        return json.loads(run(project, *REGISTERED, STACKSWITCH_CACHE=str(tmp_path), **environment).stdout)

    assert registered() == RIGHT
    before = kept()
    (name,) = before
    assert before[name].startswith(b"\0asm")
    (tmp_path / "reentrant" / name).write_bytes(before[name][:-9])  # a damaged build is made anew
    assert registered() == RIGHT
    assert kept() == before
    assert registered(STACKSWITCH_REENTRANT='{"region": 4096}') == RIGHT
    assert len(kept()) == 2
    assert registered(STACKSWITCH_REENTRANT='{"cache": null, "region": 8192}') == RIGHT
    assert len(kept()) == 2


def test_a_module_that_is_refused_is_used_as_it_is_with_a_warning(project: Path) -> None:
    text = """(module (import "env" "wait" (func $wait (param i32) (result i32)))
      (func (export "work") (param i32) (result i32) (call $wait (local.get 0))))"""
    (project / "refused.wasm").write_bytes(wat2wasm(text))

    def refused(**options: str) -> subprocess.CompletedProcess[str]:
        return run(project, *REGISTERED, module="refused.wasm", STACKSWITCH_REENTRANT=json.dumps(options))

    warned, ignored, thrown = refused(), refused(refused="ignore"), refused(refused="throw")
    assert json.loads(warned.stdout) == json.loads(ignored.stdout) == RIGHT
    assert "ReentrantWarning: a module is not made re-entrant" in warned.stderr
    assert "0 memories" in warned.stderr
    assert "Reentrant" not in ignored.stderr
    assert thrown.returncode == 1
    assert "ModuleRefusedError" in thrown.stderr


def test_an_engine_without_jspi_is_left_alone(project: Path) -> None:
    argv = [wheel_node(), *REGISTERED, "-e", "console.log(String(WebAssembly.compile))"]
    done = subprocess.run(argv, cwd=project, capture_output=True, text=True, timeout=60, check=True)
    assert "[native code]" in done.stdout
