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
