"""A run that did not happen is never green: broken environments, by the commands that run something."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

pytestmark = pytest.mark.slow

WAT = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func $leaf (param i32) (result i32) (i32.add (local.get 0) (call $wait (local.get 0))))
  (func $main (export "main") (param i32) (result i32) (i32.add (i32.const 1) (call $leaf (local.get 0)))))"""
CASE = """why = "Two frames wait and come back."
source = "chain.wat"
export = "main"
args = ["i32:10"]
host = [{ import = "env.wait", args = ["i32:10"], returns = "i32:5", delay_ms = 1 }]
[expect]
values = ["i32:16"]
"""
COMMAND = """why = "It prints a line."
command = ["node", "-e", "console.log(1 + 1)"]
[expect]
stdout = "2\\n"
"""
NO_NETWORK = {"npm_config_registry": "http://127.0.0.1:9", "npm_config_fetch_retries": "0"}
USUAL = ("asyncify", "jspi")


@dataclass(frozen=True)
class Broken:
    """An environment in which backends cannot be had.

    :ivar lost: which
    :ivar says: a part of the reason
    :ivar cache: what stands where the cache should; None: the usual one
    :ivar descriptors: how many a process may have open
    """

    lost: tuple[str, ...]
    says: str
    environment: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    cache: Callable[[Path], None] | None = None
    descriptors: int | None = None


def damaged(cache: Path) -> None:
    """Every folder that a fetch would make is a file already."""
    (cache / "npm").mkdir(parents=True)
    for path in _lock_folders():
        (cache / "npm" / path).write_text("damaged")


def _lock_folders() -> list[str]:
    from stackswitch.tools.paths import cache_dir

    return [each.name for each in (cache_dir() / "npm").glob("lock-*") if each.is_dir()]


BROKEN = {
    "no-such-node": Broken(
        ("jspi",), "/none/node: there is no such file", arguments=("--engine", "node:/none/node")
    ),
    "variable-names-none": Broken(("jspi",), "$STACKSWITCH_NODE", {"STACKSWITCH_NODE": "/none/node"}),
    "node-is-another-program": Broken(("jspi",), "/bin/false", {"STACKSWITCH_NODE": "/bin/false"}),
    "no-such-wasm-opt": Broken(("asyncify",), "/none/wasm-opt", {"STACKSWITCH_WASM_OPT": "/none/wasm-opt"}),
    "cache-is-a-file": Broken(("asyncify",), "cache", cache=lambda path: path.write_text("x") and None),
    "cache-is-a-device": Broken(("asyncify",), "/dev/full", {"STACKSWITCH_CACHE": "/dev/full"}),
    "cache-is-damaged": Broken(("asyncify",), "registry", NO_NETWORK, cache=damaged),
    "no-network": Broken(
        USUAL, "registry", NO_NETWORK, ("--engine", "node@26"), cache=lambda path: path.mkdir()
    ),
    "no-home": Broken(
        ("asyncify",), "/proc/none", {"HOME": "/proc/none", "XDG_CACHE_HOME": "", "STACKSWITCH_CACHE": ""}
    ),
    "no-descriptors": Broken(("jspi",), "node", descriptors=16),
}


_PERMITTED = ("no-such-node", "no-such-wasm-opt", "no-network")
"""Where it is tried to permit the skip, too."""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "chain.wat").write_text(WAT)
    (folder / "a.toml").write_text(CASE)
    (folder / "b.toml").write_text(CASE)
    return folder


def stackswitch(
    folder: Path, *args: str | Path, broken: Broken | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command as a user does, in an environment that may be broken."""
    env = {
        **os.environ,
        "COLUMNS": "200",
        "STACKSWITCH_REQUIRE": "",
        **(broken.environment if broken else {}),
    }
    if broken is not None and broken.cache is not None:
        cache = folder / "cache"
        if not cache.exists():
            broken.cache(cache)
        env |= {"STACKSWITCH_CACHE": str(cache), "npm_config_cache": str(folder / "npm")}
    limit = None
    if broken is not None and broken.descriptors is not None:
        limit = partial(resource.setrlimit, resource.RLIMIT_NOFILE, (broken.descriptors, broken.descriptors))
    return subprocess.run(
        [sys.executable, "-m", "stackswitch", *map(str, args)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env=env | environment,
        preexec_fn=limit,
    )


def outcomes(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    found = json.loads(path.read_text("utf-8"))["results"]
    return {(each["case_id"], each["backend"]): each for each in found}


def junit_tags(path: Path) -> dict[tuple[str, str], list[str]]:
    tests = ET.parse(path).getroot().iter("testcase")
    return {(each.attrib["name"], each.attrib["classname"]): [child.tag for child in each] for each in tests}


@pytest.mark.parametrize("name", BROKEN)
def test_a_default_backend_that_cannot_be_had_fails_the_run_in_every_format(
    name: str, suite: Path, tmp_path: Path
) -> None:
    broken = BROKEN[name]
    command = ["test", suite, *broken.arguments, "--json", "r.json", "--junit", "r.xml"]
    done = stackswitch(tmp_path, *command, broken=broken)
    assert done.returncode == 10, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert broken.says in done.stderr
    ran = [backend for backend in USUAL if backend not in broken.lost]
    for allowed in (False, True) if name in _PERMITTED else (False,):
        results, tags = outcomes(tmp_path / "r.json"), junit_tags(tmp_path / "r.xml")
        assert set(results) == {(case, backend) for case in "ab" for backend in USUAL} == set(tags)
        for (case, backend), each in results.items():
            if backend in ran:
                assert (each["outcome"], each["as_expected"]) == ("returned", True)
                continue
            assert (each["outcome"], each["as_expected"]) == ("skipped", allowed)
            assert broken.says in each["detail"]
            assert tags[case, backend] == ["skipped" if allowed else "error"]
        for backend in broken.lost:
            assert f"{backend} (" in done.stdout
        assert "was skipped, 2 cases" in done.stdout
        assert f"{2 * len(broken.lost)} skipped" in done.stdout
        if not allowed and name in _PERMITTED:
            permitted = [word for backend in broken.lost for word in ("--allow-skip", backend)]
            done = stackswitch(tmp_path, *command, *permitted, broken=broken)
            assert done.returncode == 0, (done.stdout, done.stderr)


@pytest.mark.parametrize("name", BROKEN)
def test_doctor_is_not_green_there(name: str, tmp_path: Path) -> None:
    broken = BROKEN[name]
    done = stackswitch(tmp_path, "doctor", *broken.arguments, broken=broken)
    assert done.returncode == 10, (done.stdout, done.stderr)
    assert all(f"✗ {backend}:" in done.stdout for backend in broken.lost)
    assert f"`stackswitch test` needs {' and '.join(broken.lost)}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["no-such-node", "no-such-wasm-opt", "no-network", "no-descriptors"])
def test_fix_is_not_green_there(name: str, suite: Path, tmp_path: Path) -> None:
    broken = BROKEN[name]
    (tmp_path / "only.txt").write_text("leaf\nmain\n")
    arguments = ["fix", suite, "--check", "--list", "only.txt", *broken.arguments]
    done = stackswitch(tmp_path, *arguments, broken=broken)
    assert done.returncode in (8, 10, 11), (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr


def test_fix_and_bench_do_without_a_backend_only_where_that_is_permitted(suite: Path, tmp_path: Path) -> None:
    broken = BROKEN["variable-names-none"]
    (tmp_path / "only.txt").write_text("leaf\nmain\n")
    fix = ["fix", suite, "--check", "--list", "only.txt", "--json", "fix.json"]
    done = stackswitch(tmp_path, *fix, broken=broken)
    assert done.returncode == 10
    assert "--observe asyncify" in done.stderr
    done = stackswitch(tmp_path, *fix, "--allow-skip", "jspi", broken=broken)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "jspi was skipped" in json.loads((tmp_path / "fix.json").read_text())["notes"][0]
    bench = stackswitch(tmp_path, "bench", "--quick", "--rounds", "1", broken=broken)
    assert (bench.returncode, bench.stdout) == (10, "")
    assert "jspi: $STACKSWITCH_NODE" in bench.stderr


def test_the_configuration_permits_a_skip_and_require_forbids_it(suite: Path, tmp_path: Path) -> None:
    broken = BROKEN["variable-names-none"]
    config = tmp_path / "stackswitch.toml"
    config.write_text('allow_skip = ["jspi"]\n')

    def status(*args: str, **environment: str) -> int:
        return stackswitch(tmp_path, "test", suite, *args, broken=broken, **environment).returncode

    assert status() == 0
    assert status("--backend", "jspi") == 0
    assert status(STACKSWITCH_REQUIRE="jspi") == 10
    assert status("--allow-skip", "jspi", STACKSWITCH_REQUIRE="jspi") == 0
    assert status("--backend", "asyncify", STACKSWITCH_REQUIRE="jspi") == 0
    assert status(STACKSWITCH_ALLOW_SKIP="asyncify") == 10
    config.write_text('allow_skip = ["jspy"]\n')
    assert status() == 4
    config.unlink()
    assert status("--allow-skip", "jspy") == 2
    assert status(STACKSWITCH_ALLOW_SKIP="asyncify, jspi") == 0
    assert stackswitch(tmp_path, "doctor", broken=broken, STACKSWITCH_ALLOW_SKIP="jspi").returncode == 0


def test_a_case_that_fails_goes_before_a_backend_that_is_not_there(suite: Path, tmp_path: Path) -> None:
    (suite / "b.toml").write_text(CASE.replace("i32:16", "i32:17"))
    done = stackswitch(tmp_path, "test", suite, broken=BROKEN["variable-names-none"])
    assert done.returncode == 1
    assert "1 of 2 results as expected, 1 not, 2 skipped (2 of them not allowed)\n" in done.stdout


def test_commands_whose_backend_cannot_be_had_are_skipped_too(suite: Path, tmp_path: Path) -> None:
    (suite / "c.toml").write_text(COMMAND)
    arguments = ["test", suite, "-k", "[ac]", "--engine", "node:/none/node", "--json", "r.json"]
    assert stackswitch(tmp_path, *arguments).returncode == 10
    results = outcomes(tmp_path / "r.json")
    assert {key: each["outcome"] for key, each in results.items()} == {
        ("a", "asyncify"): "returned",
        ("a", "jspi"): "skipped",
        ("c", "asyncify"): "skipped",
        ("c", "jspi"): "skipped",
    }
    done = stackswitch(tmp_path, "test", suite, "-k", "[ac]", "--backend", "fiber", "--json", "r.json")
    assert done.returncode == 10
    assert {key: each["outcome"] for key, each in outcomes(tmp_path / "r.json").items()} == {
        ("a", "fiber"): "returned",
        ("c", "fiber"): "skipped",
    }
    assert "the backend 'fiber' runs none" in done.stderr


def test_the_engine_of_a_suite_is_used_or_refused(suite: Path, tmp_path: Path) -> None:
    (suite / "c.toml").write_text(COMMAND)
    (suite / "suite.toml").write_text('[backend.jspi]\nengine = "node:/none/node"\n')
    done = stackswitch(tmp_path, "test", suite, "-k", "c", "--backend", "jspi")
    assert done.returncode == 10, "a backend that is named runs on the suite's engine too"
    (suite / "suite.toml").write_text('[backend.jspi]\nengine = "nod@22"\n')
    done = stackswitch(tmp_path, "test", suite, "-k", "c", "--allow-skip", "jspi")
    assert done.returncode == 4
    assert "suite.toml: [backend.jspi] engine: there is no engine 'nod@22'" in done.stderr


ENGINES = ["nod@22", "node@", "", "NODE@22", "node@22@1", "chromium", "firefox", "deno", "bun"]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_that_is_none_is_refused_before_anything_runs(
    engine: str, suite: Path, tmp_path: Path
) -> None:
    ends = [stackswitch(tmp_path, "test", suite, "--json", "r.json", "--engine", engine)]
    if engine in ("nod@22", "", "chromium"):
        ends.append(stackswitch(tmp_path, "test", suite, "--json", "r.json", STACKSWITCH_ENGINE=engine))
        (tmp_path / "stackswitch.toml").write_text(f"engine = {json.dumps(engine)}\n")
        ends.append(stackswitch(tmp_path, "test", suite, "--backend", "fiber", "--json", "r.json"))
    for done in ends:
        assert (done.returncode, done.stdout) == (4, ""), done.stderr
        assert f"{engine!r}" in done.stderr
        assert "wasmtime" in done.stderr
        assert "node" in done.stderr
    assert not (tmp_path / "r.json").exists()


@pytest.mark.parametrize(
    "command",
    [
        ["test", "suite", "--backend", "jspi", "--allow-skip", "jspi"],
        ["fix", "suite", "--list", "only.txt"],
        ["run", "suite/chain.wat", "main", "1", "--host", "host.py"],
        ["doctor"],
        ["detect"],
        ["matrix", "suite"],
        ["trace", "--", "python3", "host.py"],
        ["explore", "programs.jsonl", "--", "python3", "host.py"],
    ],
    ids=lambda words: words[0],
)
def test_every_command_refuses_it(command: list[str], suite: Path, tmp_path: Path) -> None:
    (tmp_path / "only.txt").write_text("leaf\nmain\n")
    (tmp_path / "host.py").write_text("open('ran', 'w')\n")
    (tmp_path / "programs.jsonl").write_text('{"id": "a", "program": "x"}\n')
    at = command.index("--") if "--" in command else len(command)
    done = stackswitch(tmp_path, *command[:at], "--engine", "nod@22", *command[at:])
    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    assert "there is no engine 'nod@22'; there are " in done.stderr
    assert "did you mean node@22?" in done.stderr
    assert not (tmp_path / "ran").exists()


def test_an_engine_that_no_backend_uses_is_refused(suite: Path, tmp_path: Path) -> None:
    def status(*args: str | Path) -> int:
        return stackswitch(tmp_path, *args).returncode

    assert status("test", suite, "--backend", "fiber", "--engine", "node@22") == 4
    assert status("test", suite, "--backend", "jspi", "--engine", "wasmtime") == 4
    assert status("test", suite, "--backend", "jspi", "--backend", "asyncify", "--engine", "wasmtime") == 4
    assert status("test", suite, "--engine", "wasmtime", "-k", "a") == 0
    assert status("run", "suite/chain.wat", "main", "1", "--backend", "fiber", "--engine", "node") == 4
    assert status("fix", suite, "--observe", "asyncify", "--engine", "node") == 4
    (tmp_path / "stackswitch.toml").write_text('engine = "node:/none/node"\n')
    assert status("test", suite, "--backend", "fiber", "-k", "a") == 0, "it is for backends that run on Node"


def test_without_a_suite_of_the_users_own_fix_and_matrix_do_nothing(tmp_path: Path) -> None:
    dockerfile = "RUN emcc a.c -sASYNCIFY_ONLY='[\"main\"]'\n"
    (tmp_path / "Dockerfile").write_text(dockerfile)
    (tmp_path / "stackswitch.toml").write_text('lists = "Dockerfile"\n')
    for command in (["fix"], ["fix", "--check"], ["fix", "--diff", "-k", "frames/*"], ["matrix"]):
        done = stackswitch(tmp_path, *command)
        assert (done.returncode, done.stdout) == (2, ""), command
        words = " ".join(done.stderr.replace("│", " ").split())
        assert f"{command[0]} needs a suite: give its folder or set suite in stackswitch.toml" in words
    assert (tmp_path / "Dockerfile").read_text() == dockerfile


def test_an_empty_shard_is_told_from_an_empty_selection(suite: Path, tmp_path: Path) -> None:
    broken = BROKEN["no-such-wasm-opt"]
    done = stackswitch(
        tmp_path, "test", suite, "--shard", "3/3", "--json", "r.json", "--junit", "r.xml", broken=broken
    )
    assert done.returncode == 0, done.stderr
    assert "shard 3/3: 0 of 2 cases; all of them are in other shards" in done.stdout
    assert json.loads((tmp_path / "r.json").read_text()) == {
        "schema_version": 1,
        "shard": {"index": 3, "count": 3, "cases": 0, "suite_cases": 2},
        "results": [],
    }
    assert junit_tags(tmp_path / "r.xml") == {}
    assert stackswitch(tmp_path, "test", suite, "-k", "z*", "--shard", "3/3").returncode == 5
    (tmp_path / "nothing").mkdir()
    assert stackswitch(tmp_path, "test", "nothing", "--shard", "1/3").returncode == 5
    report = stackswitch(tmp_path, "report", "r.json")
    assert report.returncode == 4
    assert "contain no case" in report.stderr


def test_a_report_says_what_was_skipped(suite: Path, tmp_path: Path) -> None:
    broken = BROKEN["variable-names-none"]
    stackswitch(tmp_path, "test", suite, "--json", "r.json", broken=broken)
    outputs = ["--json", "o.json", "--junit", "o.xml", "--markdown", "o.md", "--html", "o.html"]
    done = stackswitch(tmp_path, "report", "r.json", *outputs, "--fail-on", "unexpected")
    assert done.returncode == 1
    found = json.loads((tmp_path / "o.json").read_text("utf-8"))
    assert found["level"] == "unknown"
    assert [(run["backend"], run["cases"], run["skipped"]) for run in found["runs"]] == [
        ("asyncify", 2, 0),
        ("jspi", 0, 2),
    ]
    assert junit_tags(tmp_path / "o.xml")["a", "jspi"] == ["error"]
    page = (tmp_path / "o.md").read_text("utf-8")
    assert "2 skipped" in page
    assert "2 cases were not run on JSPI" in page
    assert "STACKSWITCH\\_NODE" in page
    assert "STACKSWITCH_NODE" in (tmp_path / "o.html").read_text("utf-8")
    annotations = stackswitch(tmp_path, "report", "r.json", "--annotations").stdout
    assert "not-run-on-jspi::2 cases were not run on JSPI: $STACKSWITCH_NODE" in annotations


def test_nothing_to_explore_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("")
    for generator in ("none.jsonl", "true"):
        done = stackswitch(tmp_path, "explore", generator, "--", "node", "-e", "0")
        assert done.returncode == 4
        assert "wrote no program" in done.stderr
