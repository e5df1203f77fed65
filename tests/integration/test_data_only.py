"""Where only data may run, nothing starts a program: no command, service, build or configured tool."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stackswitch.models.result import CaseResult, SuiteResult

CHAIN = '(module (import "env" "wait" (func $w)) (func (export "main") (call $w)))'
DATA = 'why = "w"\nsource = "chain.wat"\nexport = "main"\nhost = [{ import = "env.wait" }]\n'
COMMAND = 'why = "w"\ncommand = ["sh", "-c", "touch ran"]\n'
SERVICES = '[services]\ncommand = ["sh", "-c", "touch served; echo {}; cat"]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "chain.wat").write_text(CHAIN)
    (suite / "data.toml").write_text(DATA)
    return tmp_path


def stackswitch(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "stackswitch", *args]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def started(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.name in ("ran", "served", "built")]


def test_data_runs(folder: Path) -> None:
    (folder / "suite" / "suite.toml").write_text(SERVICES)  # of no use without commands
    done = stackswitch(folder, "test", "suite", "--data-only", "--backend", "asyncify", "--json", "-")
    assert done.returncode == 0, done.stderr
    assert [each["outcome"] for each in json.loads(done.stdout)["results"]] == ["returned"]
    assert started(folder) == []


@pytest.mark.parametrize("way", ["flag", "key"])
@pytest.mark.parametrize(
    "args",
    [
        ("test", "suite"),
        ("test", "suite", "--backend", "jspi", "--build", "instrumented"),
        ("fix", "suite", "--list", "only.txt"),
        ("fix", "suite", "--list", "only.txt", "--check"),
    ],
)
def test_commands_and_services_are_refused(folder: Path, args: tuple[str, ...], way: str) -> None:
    (folder / "suite" / "runs.toml").write_text(COMMAND)
    (folder / "suite" / "suite.toml").write_text(SERVICES)
    if way == "key":
        (folder / "stackswitch.toml").write_text("data_only = true\n")
    done = stackswitch(folder, *args, *(["--data-only"] if way == "flag" else []))
    assert done.returncode == 22, done.stderr
    assert "suite/runs.toml: command: sh -c 'touch ran'" in done.stderr
    assert "suite/suite.toml: services: sh -c" in done.stderr
    assert "nothing was run" in done.stderr
    assert "errors/#data-only" in done.stderr
    assert started(folder) == []
    assert not (folder / "only.txt").exists()


def test_cases_that_are_not_chosen_do_not_matter(folder: Path) -> None:
    (folder / "suite" / "runs.toml").write_text(COMMAND)
    done = stackswitch(folder, "test", "suite", "--data-only", "-k", "data", "--backend", "asyncify")
    assert done.returncode == 0, done.stderr
    assert started(folder) == []


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ('[fix]\nbuild = "touch built"\n', "fix.build: touch built"),
        ('wasm_opt = "evil.sh"\n', "wasm_opt"),
        ('engine = "node:./evil.sh"\n', "engine: node:./evil.sh"),
    ],
)
@pytest.mark.parametrize("command", ["test", "fix"])
def test_a_configuration_names_no_program(folder: Path, config: str, named: str, command: str) -> None:
    evil = folder / "evil.sh"
    evil.write_text("#!/bin/sh\ntouch ran\n")
    evil.chmod(0o755)
    (folder / "stackswitch.toml").write_text(f"data_only = true\n{config}")
    done = stackswitch(folder, command, "suite")
    assert done.returncode == 22, done.stderr
    assert "stackswitch.toml" in done.stderr
    assert named in done.stderr
    assert started(folder) == []


def test_a_program_that_a_flag_names_is_the_users_own(folder: Path) -> None:
    (folder / "stackswitch.toml").write_text('data_only = true\nengine = "node:/nonexistent"\n')
    done = stackswitch(folder, "test", "suite", "--backend", "jspi", "--engine", "node@24")
    assert done.returncode == 0, done.stderr


def test_a_build_by_flag_contradicts(folder: Path) -> None:
    done = stackswitch(folder, "fix", "suite", "--data-only", "--list", "only.txt", "--build", "touch built")
    assert done.returncode == 2
    assert "--build" in done.stderr
    assert started(folder) == []


def test_report_times_no_commands(folder: Path) -> None:
    (folder / "suite" / "runs.toml").write_text(COMMAND)
    (folder / "stackswitch.toml").write_text("data_only = true\n")
    ran = CaseResult(
        case_id="a", backend="jspi", engine="node", engine_version="24", outcome="returned", as_expected=True
    )
    (folder / "results.json").write_text(SuiteResult(results=(ran,)).model_dump_json())
    done = stackswitch(folder, "report", "results.json", "--time", "suite")
    assert done.returncode == 22, done.stderr
    assert started(folder) == []


def test_the_environment_can_say_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "suite" / "runs.toml").write_text(COMMAND)
    monkeypatch.setenv("STACKSWITCH_DATA_ONLY", "1")
    assert stackswitch(folder, "test", "suite").returncode == 22
