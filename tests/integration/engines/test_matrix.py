"""The matrix of a real policy, and its jobs, run."""

from __future__ import annotations

import datetime
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from stackswitch.engines.support import read_support
from stackswitch.errors import ConfigError
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.tools.paths import wheel_node

CASE = "frames/depth-1"


def stackswitch(*args: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stackswitch", *map(str, args)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env=os.environ | {"COLUMNS": "200"},
    )


def test_each_job_of_a_configured_policy_passes(tmp_path: Path) -> None:
    engines = f'engines = ["wasmtime", "node:{wheel_node()}"]\n'
    (tmp_path / "stackswitch.toml").write_text(f'suite = "{CONFORMANCE_SUITE}"\n{engines}')
    done = stackswitch("matrix", "--format", "github", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    include = json.loads(done.stdout)["include"]
    assert [(job["backend"], job["build"]) for job in include] == [
        ("asyncify", "asyncified"),
        ("asyncify", "asyncified"),
        ("jspi", "plain"),
    ]
    assert include[-1]["flags"] == "--experimental-wasm-jspi"
    for job in include:
        program, *words = shlex.split(job["run"])
        assert program == "stackswitch"
        ran = stackswitch(*words, "-k", CASE, "-q", folder=tmp_path)
        assert ran.returncode == 0, (job["run"], ran.stdout, ran.stderr)


def test_an_engine_that_is_not_there_is_named_and_the_others_have_their_jobs(tmp_path: Path) -> None:
    suite = str(CONFORMANCE_SUITE)
    done = stackswitch("matrix", suite, "--engine", "wasmtime", "--engine", "node:/none", folder=tmp_path)
    assert done.returncode == 1
    assert "✗ node:/none: /none: there is no such file" in done.stderr
    assert "| asyncify on wasmtime" in done.stdout
    done = stackswitch("matrix", suite, "--engine", "netscape", folder=tmp_path)
    assert done.returncode == 4


def test_a_matrix_without_a_suite_or_without_a_job_is_no_success(tmp_path: Path) -> None:
    done = stackswitch("matrix", "--engine", "wasmtime", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "matrix needs a suite" in done.stderr
    arguments = ["--engine", "wasmtime", "--backend", "jspi", "--format", "github"]
    done = stackswitch("matrix", str(CONFORMANCE_SUITE), *arguments, folder=tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"include": []}
    assert "there is no job: CI would run nothing" in done.stderr
    assert "jspi on wasmtime: it cannot be asked for jspi" in done.stderr


@pytest.mark.network
def test_the_published_data_say_who_has_jspi_and_which_node_is_supported() -> None:
    support = read_support("chrome 136, chrome 137, firefox 153", today=datetime.date(2026, 11, 22))
    assert {each.name: each.jspi for each in support.browsers} == {
        "chrome 136": False,
        "chrome 137": True,
        "firefox 153": True,
    }
    assert support.node_lts == ("22", "24", "26")
    assert read_support(today=datetime.date(2024, 1, 1)).node_lts == ("18", "20")
    assert set(support.versions) >= {"@mdn/browser-compat-data", "browserslist", "caniuse-lite"}


@pytest.mark.network
def test_a_query_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="browserslist does not take the query 'netscape 4'"):
        read_support("netscape 4")
