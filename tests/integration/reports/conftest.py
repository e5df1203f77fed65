"""A report with something of everything, made by the command as a user makes one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import wasmtime

ROOT = Path(__file__).parents[3]
NASTY = "</script><script>alert('1')</script>\" & \u202egnp.exe \x07 {{ 7 * 7 }} `|`"
WAT = """(module
  (type $t (func (param i32) (result i32)))
  (import "env" "wait" (func $wait (type $t)))
  (import "env" "invoke_ii" (func $invoke (type $t)))
  (import "env" "log" (func $log (type $t)))
  (table 2 funcref) (elem (i32.const 0) $leaf $other)
  (memory 1)
  (global $sp (mut i32) (i32.const 65536))
  (func $leaf (type $t) (call $wait (local.get 0)))
  (func $other (type $t) (call $log (local.get 0)))
  (func $mid (type $t) (call_indirect (type $t) (local.get 0) (i32.const 0)))
  (func $lonely (type $t) (call $wait (local.get 0)))
  (func $main (export "main") (type $t) (call $mid (local.get 0)))
  (func $again (export "again") (type $t) (call $leaf (call $invoke (local.get 0))))
  (func $unseen (export "unseen") (type $t) (call $lonely (local.get 0))))"""

Report = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def report() -> Report:
    def run(folder: Path, *args: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "stackswitch", "report", *args]
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == status, done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's Chromium; where it has to be there and is not, a failure."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        if "chromium" in os.environ.get("STACKSWITCH_TESTS_REQUIRE", ""):
            pytest.fail("chromium is required, and there is none on PATH")
        pytest.skip("no chromium on PATH")
    return found


def result(case: str, backend: str, outcome: str = "returned", **rest: Any) -> dict[str, Any]:
    engine, version = ("wasmtime", "50.0.1") if backend == "asyncify" else ("node", "26.1.0")
    return {
        "case_id": case,
        "backend": backend,
        "engine": engine,
        "engine_version": version,
        "outcome": outcome,
        "as_expected": outcome == "returned",
        "duration_ms": 1.5,
        **rest,
    }


def suspension(case: str, *names: str, indexes: tuple[int, ...]) -> dict[str, Any]:
    """A line of a trace, innermost first."""
    module = bytes(wasmtime.wat2wasm(WAT))
    frames = [[index, -1, name] for index, name in zip(indexes, names, strict=True)]
    return {
        "kind": "suspension",
        "module": f"sha256:{hashlib.sha256(module).hexdigest()}",
        "backend": "jspi",
        "import": "env.wait",
        "export": case,
        "frames": frames,
    }


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory, report: Report) -> Path:
    """The folder of a report with every kind of case, nasty names, deep stacks, a list, engines."""
    folder = tmp_path_factory.mktemp("everything")
    (folder / "app.wasm").write_bytes(bytes(wasmtime.wat2wasm(WAT)))
    (folder / "only.txt").write_text("leaf\nlonely\nold_name\n")
    missing = {"ASYNCIFY_ONLY": ["mid"]}
    lines = [
        *(result("net/fetch", each) for each in ("asyncify", "jspi")),
        result("net/sort", "asyncify", "needs-list-fix", missing=missing, detail="ASYNCIFY_ONLY lacks mid"),
        result("net/sort", "jspi"),
        result("net/glue", "asyncify"),
        result("net/glue", "jspi", "trapped", detail="JavaScript lies between: invoke_ii (glue.js:3)"),
        result(NASTY, "asyncify", "wrong", detail=NASTY),
        result(NASTY, "jspi"),
        *(result("net/hangs", each, "hung") for each in ("asyncify", "jspi")),
        result("net/gc", "asyncify", "unsupported", detail="gc: func 3"),
        result("net/gc", "jspi"),
        *(result(f"many/case-{at:03}", each) for at in range(200) for each in ("asyncify", "jspi")),
    ]
    (folder / "results.json").write_text(json.dumps({"schema_version": 1, "results": lines}))
    traces = {
        "net/fetch": suspension("again", "leaf", "again", indexes=(3, 8)),
        "net/sort": suspension("main", "leaf", "mid", "main", indexes=(3, 5, 7)),
        "net/deep": suspension("again", "leaf", *["again"] * 15_000, indexes=(3, *[8] * 15_000)),
    }
    for case, line in traces.items():
        path = folder / "traces" / f"{case}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(line) + "\n")
    answer = {"probe": "jspi", "shown": "with-flags", "flags": ["--experimental-wasm-jspi"]}
    none = {"probe": "jspi", "shown": "no"}
    engines = [
        {"spec": "node@24", "engine": "node", "version": "24.19.0", "answers": [answer]},
        {
            "spec": "node@20",
            "engine": "node",
            "version": "20.19.5",
            "answers": [none],
        },
    ]
    (folder / "engines.json").write_text(json.dumps({"schema_version": 1, "probes": [], "engines": engines}))
    (folder / "stackswitch.toml").write_text('[report.silence]\nfails-on-both = "<b>known</b>"\n')
    earlier = [each for each in lines if each["case_id"] != "net/gc"]
    (folder / "old.json").write_text(json.dumps({"schema_version": 1, "results": earlier}))
    report(
        folder,
        *("results.json", "app.wasm", "--traces", "traces", "--list", "only.txt", "--detect", "engines.json"),
        *(
            "--compare",
            "old.json",
            "--title",
            f"app {NASTY}",
            "--html",
            "report.html",
            "--json",
            "report.json",
        ),
        *("--markdown", "report.md", "--junit", "report.xml"),
    )
    return folder
