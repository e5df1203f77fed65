"""``stackswitch init`` looks, and overwrites nothing; ``report --against`` measures two builds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import wasmtime

from stackswitch.cli.settings import load_settings

from .conftest import WAT, Report


def init(folder: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "stackswitch", "init"]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stderr
    return done


def test_it_finds_suite_list_and_module_and_writes_what_the_others_read(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "wasm").mkdir()
    (tmp_path / "wasm" / "app.wasm").write_bytes(bytes(wasmtime.wat2wasm(WAT)))
    (tmp_path / "wasm" / "broken.wasm").write_bytes(b"\0asm\1")
    cases = tmp_path / "tests" / "suite" / "net"
    cases.mkdir(parents=True)
    (cases / "fetch.toml").write_text('why = "It waits."\nsource = "a.wat"\nexport = "main"\n')
    (tmp_path / "Dockerfile").write_text('FROM scratch\nENV ASYNCIFY_ONLY="leaf,mid"\n')
    done = init(tmp_path)
    settings = load_settings(tmp_path)
    assert settings.suite == tmp_path / "tests" / "suite"
    assert settings.lists.file == tmp_path / "Dockerfile"
    assert "stackswitch report wasm/app.wasm" in done.stdout
    assert "broken" not in done.stdout


def test_an_empty_project_gets_a_file_that_says_how(tmp_path: Path) -> None:
    done = init(tmp_path)
    assert "stackswitch trace" in done.stdout
    assert load_settings(tmp_path).suite is None


def test_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "stackswitch.toml").write_text("jobs = 3\n")
    assert "is there already" in init(tmp_path, status=4).stderr
    assert (tmp_path / "stackswitch.toml").read_text() == "jobs = 3\n"


def test_both_builds_are_measured_in_turn(tmp_path: Path, report: Report) -> None:
    wat = '(module {} (func (export "main") (result i32) i32.const 1))'
    padding = "".join(f"(func (result i32) i32.const {at})" for at in range(3000))
    (tmp_path / "plain.wasm").write_bytes(bytes(wasmtime.wat2wasm(wat.format(""))))
    (tmp_path / "large.wasm").write_bytes(bytes(wasmtime.wat2wasm(wat.format(padding))))
    report(tmp_path, "plain.wasm", "--against", "large.wasm", "--rounds", "3", "--json", "r.json")
    found = json.loads((tmp_path / "r.json").read_text("utf-8"))
    measures = {each["id"]: each for each in found["gain"]["measures"]}
    assert measures["size"]["plain"]["median"] == (tmp_path / "plain.wasm").stat().st_size
    assert measures["size-brotli"]["ratio"]["median"] > 1
    assert measures["size"]["ratio"]["median"] > measures["size-gzip"]["ratio"]["median"]
    assert {measures[each]["ratio"]["count"] for each in ("compile", "started")} == {3}
    assert "no-gain" not in {each["rule"] for each in found["findings"]}
    report(tmp_path, "--against", "large.wasm", status=2)


COMPUTES = """(module (func $fib (export "main") (param i32) (result i32)
  (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
    (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                   (call $fib (i32.sub (local.get 0) (i32.const 2))))))))"""


def test_what_computes_is_timed_on_both_and_what_a_wait_costs_is_read(tmp_path: Path, report: Report) -> None:
    (tmp_path / "speed").mkdir()
    (tmp_path / "speed" / "fib.wat").write_text(COMPUTES)
    case = 'why = "It computes."\nsource = "fib.wat"\nexport = "main"\nargs = ["i32:20"]\n'
    case += '[expect]\nvalues = ["{}"]\n'
    (tmp_path / "speed" / "fib.toml").write_text(case.format("i32:6765"))
    (tmp_path / "app.wasm").write_bytes(bytes(wasmtime.wat2wasm(COMPUTES)))
    common = {"case": "2 frames", "unit": "µs", "best": 1.0, "median": 2.0, "worst": 9.0}
    figures = [
        {"group": "suspension", "host": "asyncify", **common},
        {"group": "suspension", "host": "await asyncio.sleep(0)", **common},
        {"group": "suspension in Node", "host": "jspi in Node", **common, "median": 0.25},
        {"group": "computing", "host": "fiber", **common},
    ]
    bench = {"stackswitch": "0.1.0", "python": "3.11", "engines": {"jspi": "node 24"}, "rounds": 3}
    (tmp_path / "bench.json").write_text(json.dumps({**bench, "load_average": 0.1, "figures": figures}))
    given = ("app.wasm", "--time", "speed", "--bench", "bench.json", "--rounds", "2")
    report(tmp_path, *given, "--json", "r.json", "--html", "r.html", "--markdown", "r.md")
    found = json.loads((tmp_path / "r.json").read_text("utf-8"))["gain"]
    (measure,) = found["measures"]
    assert (measure["id"], measure["ratio"]["count"]) == ("time:fib", 2)
    assert "2 alternating runs on node " in measure["note"]
    assert " and " not in measure["note"], "one engine for both"
    assert {each["host"] for each in found["waits"]} >= {"asyncify", "jspi in Node"}
    markdown = (tmp_path / "r.md").read_text("utf-8")
    assert "| | asyncify | jspi in Node |" in markdown
    assert "| 2 frames | 2.00 | 0.25 |" in markdown
    assert 'aria-label="a wait under 2 frames: asyncify 2.00' in (tmp_path / "r.html").read_text("utf-8")
    (tmp_path / "speed" / "fib.toml").write_text(case.format("i32:1"))
    done = report(tmp_path, "app.wasm", "--time", "speed", "--rounds", "1", "--html", "no.html", status=5)
    assert "did not return as it should" in done.stderr
    assert not (tmp_path / "no.html").exists()
    assert "stackswitch bench --json" in report(tmp_path, "app.wasm", "--bench", "r.json", status=4).stderr
