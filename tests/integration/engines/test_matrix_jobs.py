"""A project's matrix: its jobs, run one by one, and what is written for CI, held against its schemas."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stackswitch.models.result import SuiteResult
from stackswitch.suite.shards import merge_results

ROOT = Path(__file__).parents[3]
WAT = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func $leaf (param i32) (result i32) (i32.add (local.get 0) (call $wait (local.get 0))))
  (func $main (export "main") (param i32) (result i32) (i32.add (i32.const 1) (call $leaf (local.get 0)))))"""
CASE = """why = "Two frames wait and come back."
source = "chain.wat"
export = "main"
args = ["i32:10"]
host = [{ import = "env.wait", returns = "i32:5", delay_ms = 1 }]
[expect]
values = ["i32:16"]
"""
TAIL_WAT = """(module (import "env" "wait" (func $wait (result i32)))
  (func $leaf (result i32) (call $wait))
  (func (export "main") (result i32) (return_call $leaf)))"""
TAIL_CASE = """why = "It needs what Node 18 has not."
source = "tail.wat"
export = "main"
needs = ["tail-call"]
host = [{ import = "env.wait", returns = "i32:5", delay_ms = 1 }]
[expect]
values = ["i32:5"]
[[differs]]
backend = "asyncify"
expect = { feature = "tail-call" }
reason = "Binaryen's pass refuses tail calls anywhere in the module."
"""
CONFIG = """suite = "suite"
engines = ["node@24", "node@26", "node@20", "wasmtime"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "chain.wat").write_text(WAT)
    (suite / "chain.toml").write_text(CASE)
    (suite / "listed.toml").write_text(CASE + '[asyncify]\nonly = ["leaf", "main"]\n')
    (tmp_path / "stackswitch.toml").write_text(CONFIG)
    return tmp_path


def stackswitch(folder: Path, *args: str, status: int = 0, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "stackswitch", *args],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env=os.environ | environment,
    )
    assert done.returncode == status, (args, done.stdout, done.stderr)
    return done.stdout


def check(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    argv = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        f"vendor.{schema}",
        *map(str, files),
    ]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120)


def workflow(path: Path, matrix: object) -> Path:
    steps = [{"uses": "actions/checkout@v4"}, {"run": "${{ matrix.run }}"}]
    job = {"runs-on": "ubuntu-24.04", "strategy": {"matrix": matrix}, "steps": steps}
    path.write_text(json.dumps({"on": "push", "jobs": {"test": job}}))
    return path


@pytest.mark.network
def test_every_job_of_the_matrix_passes_and_their_results_merge(project: Path) -> None:
    outputs = project / "outputs"
    outputs.write_text("before=kept\n")
    stackswitch(project, "matrix", "--github-output", GITHUB_OUTPUT=str(outputs))
    before, line = outputs.read_text().splitlines()
    assert before == "before=kept"
    name, _, value = line.partition("=")
    matrix = json.loads(value)
    assert name == "matrix"
    jobs = {(job["backend"], job["engine"].partition(".")[0]): job for job in matrix["include"]}
    assert set(jobs) == {
        ("jspi", "node@24"),
        ("jspi", "node@26"),
        ("asyncify", "node@24"),
        ("asyncify", "node@26"),
        ("asyncify", "node@20"),
        ("asyncify", "wasmtime"),
    }
    done = check("github-workflows", workflow(project / "workflow.json", matrix))
    assert done.returncode == 0, done.stdout
    results = []
    for job in jobs.values():
        program, *words = shlex.split(job["run"])
        assert program == "stackswitch"
        stackswitch(project, *words)
        results.append(SuiteResult.model_validate_json((project / job["results"]).read_bytes()))
        assert {each.engine_version for each in results[-1].results} == {job["version"]}
        assert {each.backend for each in results[-1].results} == {job["backend"]}
    merged = merge_results(results)
    assert merged.conflicts == ()
    assert len(merged.result.results) == 2 * len(jobs)
    assert all(each.outcome == "returned" for each in merged.result.results)


def test_the_schema_refuses_what_is_no_matrix(tmp_path: Path) -> None:
    assert check("github-workflows", workflow(tmp_path / "bad.json", {"include": "all"})).returncode == 1


def test_shards_run_each_case_once(project: Path) -> None:
    arguments = ["--engine", "wasmtime", "--shards", "2", "--format", "json"]
    jobs = json.loads(stackswitch(project, "matrix", *arguments))["jobs"]
    assert [job["shard"] for job in jobs] == ["1/2", "2/2"]
    results = []
    for job in jobs:
        stackswitch(project, *shlex.split(job["run"])[1:])
        results.append(SuiteResult.model_validate_json((project / job["results"]).read_bytes()))
    assert [len(each.results) for each in results] == [1, 1]
    assert [each.case_id for each in merge_results(results).result.results] == ["chain", "listed"]


@pytest.mark.network
def test_what_the_suite_needs_is_read_from_its_modules(project: Path) -> None:
    for stem in ("chain", "listed"):
        (project / "suite" / f"{stem}.toml").unlink()
    (project / "suite" / "tail.wat").write_text(TAIL_WAT)
    (project / "suite" / "tail.toml").write_text(TAIL_CASE)
    planned = json.loads(stackswitch(project, "matrix", "--engine", "node@18", "--format", "json"))
    # It has tail calls behind a flag: a job's own concern, so it is neither left out nor said to lack them.
    assert [job["lacks"] for job in planned["jobs"]] == [[]]
    (project / "suite" / "tail.wat").write_text(
        TAIL_WAT.replace("(module", "(module (type $s (struct (field i32)))")
    )
    written = stackswitch(project, "matrix", "--engine", "node@18", "--format", "json", status=1)
    planned = json.loads(written)
    assert planned["jobs"] == []
    assert {each["reason"].partition(":")[0] for each in planned["left_out"]} == {
        "every case needs gc",
        "jspi",
    }


def test_gitlab_takes_the_child_pipeline(project: Path) -> None:
    stackswitch(
        project, "matrix", "--engine", "wasmtime", "--format", "gitlab", "--output", str(project / "jobs.yml")
    )
    done = check("gitlab-ci", project / "jobs.yml")
    assert done.returncode == 0, done.stdout


def test_our_workflows_and_our_action_are_what_github_takes() -> None:
    done = check("github-workflows", *sorted((ROOT / ".github" / "workflows").glob("*.yml")))
    assert done.returncode == 0, done.stdout
    done = check("github-actions", ROOT / "action.yml")
    assert done.returncode == 0, done.stdout


def test_the_action_runs_a_command_as_it_is(tmp_path: Path) -> None:
    step = action_steps()["run"]
    assert step["env"]["COMMAND"] == "${{ inputs.run }}"
    command = """printf '%s|' "it's" '${{ x }}' "$HOME"; exit 7"""
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        capture_output=True,
        text=True,
        env=os.environ | {"COMMAND": command, "HOME": "/home/of mine"},
        cwd=tmp_path,
    )
    assert (done.stdout, done.returncode) == ("it's|${{ x }}|/home/of mine|", 7)


@pytest.mark.network
def test_the_action_installs_what_it_lies_in(tmp_path: Path) -> None:
    step = action_steps()["install"]
    path, output = tmp_path / "path", tmp_path / "output"
    environment = {"PYTHON": sys.executable, "SOURCE": str(ROOT), "COMMAND": "stackswitch test"}
    environment |= {"RUNNER_TEMP": str(tmp_path), "GITHUB_PATH": str(path), "GITHUB_OUTPUT": str(output)}
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]], capture_output=True, text=True, env=os.environ | environment
    )
    assert done.returncode == 0, done.stderr
    assert len(output.read_text().removeprefix("digest=").strip()) == 40
    program = Path(path.read_text().strip()) / "stackswitch"
    assert "stackswitch" in subprocess.run([program, "--version"], capture_output=True, text=True).stdout


def action_steps() -> dict[str, Any]:
    action = YAML(typ="safe").load((ROOT / "action.yml").read_text())
    return {step["id"]: step for step in action["runs"]["steps"] if "id" in step}
