"""npm for real: what it fetches, what it refuses, and that one process at a time fetches."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stackswitch.errors import DownloadError
from stackswitch.tools import downloads, paths

SMALL = ("isarray", "2.0.5")
"""A package of one file and no dependencies, whose name nobody will take away."""
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("STACKSWITCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("npm_config_registry", NOWHERE)
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm-cache"))


def left(cache: Path) -> list[str]:
    return [path.name for path in (cache / "npm").iterdir() if path.suffix != ".lock"]


def test_the_wheel_has_node_and_npm() -> None:
    said = subprocess.run(paths.npm_argv("--version"), capture_output=True, text=True, check=True).stdout
    assert int(said.split(".")[0]) >= 10


@pytest.mark.network
def test_a_package_by_its_name(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    said: list[str] = []
    folder = downloads.npm_package(SMALL[0], "^2.0.0", progress=said.append)
    assert json.loads((folder / "package.json").read_bytes())["version"] == SMALL[1]
    assert said == ["fetching isarray@^2.0.0 from npm"]
    lock = json.loads((folder.parents[1] / "package-lock.json").read_text("utf-8"))
    assert lock["packages"]["node_modules/isarray"]["integrity"].startswith("sha512-")
    monkeypatch.setenv("npm_config_registry", NOWHERE)  # a second need asks nobody
    assert downloads.npm_package(SMALL[0], "^2.0.0", progress=said.append) == folder
    assert len(said) == 1
    assert len(left(cache)) == 1


def pinned(folder: Path, integrity: str) -> Path:
    folder.mkdir()
    name, version = SMALL
    manifest = {"name": "t", "version": "0.0.0", "dependencies": {name: version}}
    packages = {"": manifest, f"node_modules/{name}": {"version": version, "integrity": integrity}}
    lock = {"name": "t", "version": "0.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
    (folder / "package.json").write_text(json.dumps(manifest), "utf-8")
    (folder / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    return folder


@pytest.mark.network
def test_what_is_not_as_pinned_is_refused(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="EINTEGRITY"):
        downloads.npm_packages(pinned(tmp_path / "pins", f"sha512-{'A' * 86}=="))
    assert left(cache) == []


@pytest.mark.usefixtures("offline")
def test_offline_is_told_with_the_command(cache: Path) -> None:
    with pytest.raises(
        DownloadError, match=r"npm could not fetch binaryen\b[\s\S]*npm-cli.js ci[\s\S]*ECONNREFUSED"
    ) as told:
        downloads.npm_packages(paths.node_shim_dir())
    assert "npm_config_registry" in str(told.value)
    assert " at " not in str(told.value), "a stack of npm's own JavaScript"
    assert left(cache) == []


@pytest.mark.network
def test_several_processes_fetch_once(cache: Path) -> None:
    program = (
        "import sys; from stackswitch.tools.downloads import npm_package; "
        f"print(npm_package(*{SMALL!r}, progress=lambda line: print(line, file=sys.stderr)))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    ends = [process.communicate(timeout=120) for process in started]
    assert {process.returncode for process in started} == {0}
    assert len({out for out, _ in ends}) == 1
    assert "".join(err for _, err in ends).count("fetching") == 1
    assert len(left(cache)) == 1
