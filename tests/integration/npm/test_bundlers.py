"""The plugins for Vite and esbuild: what is built by each runs with calls that overlap."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import node_shim_dir, wheel_node
from tests.requirements import missing

from .conftest import PROGRAMS, ROOT

RIGHT = [1, 2, 3, 4]
PLUGIN = {"suspend": ["env.wait"]}


@pytest.fixture(scope="module")
def bundlers(project: Path) -> Path:
    """The project, with both bundlers."""
    packages = npm_packages(PROGRAMS.parent) / "node_modules"
    for name in ("esbuild", "vite"):
        (project / "node_modules" / name).symlink_to(packages / name)
    return project


def bundle(project: Path, bundler: str, kind: str, plugin: object = PLUGIN) -> None:
    shutil.rmtree(project / "dist", ignore_errors=True)
    done = subprocess.run(
        [wheel_node(), "bundle.mjs", bundler, kind, json.dumps(plugin)],
        cwd=project, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def run(project: Path, bundler: str) -> Any:
    done = subprocess.run(
        [wheel_node(), "--experimental-wasm-jspi", f"dist/{bundler}-node.js"],
        cwd=project, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("bundler", ["esbuild", "vite"])
def test_a_program_for_node(bundlers: Path, bundler: str) -> None:
    bundle(bundlers, bundler, "node", None)
    assert run(bundlers, bundler) != [RIGHT]
    bundle(bundlers, bundler, "node")
    assert run(bundlers, bundler) == [RIGHT]


@pytest.mark.parametrize("bundler", ["esbuild", "vite"])
def test_a_module_that_is_refused_fails_the_build(bundlers: Path, bundler: str) -> None:
    with pytest.raises(AssertionError, match=r"kinds\.wasm: the module imports no function env\.nothing"):
        bundle(bundlers, bundler, "node", {"suspend": ["env.nothing"]})


def test_the_plugins_have_the_types_of_the_bundlers(bundlers: Path) -> None:
    modules = npm_packages(ROOT / "tests" / "checks" / "javascript") / "node_modules"
    options = ["--strict", "--noEmit", "--skipLibCheck", "--module", "nodenext", "--target", "esnext"]
    options += ["--typeRoots", str(modules / "@types"), "--types", "node"]
    argv = [wheel_node(), modules / "typescript" / "bin" / "tsc", *options, "typed-plugins.mts"]
    done = subprocess.run(argv, cwd=bundlers, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


def in_chromium(**where: str) -> Any:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        missing("chromium", "no chromium here")
    shim = node_shim_dir()
    task = {
        "browser": "chrome",
        "program": path,
        "packages": str(npm_packages(shim / "browsers")),
        "launcher": str(shim / "detect" / "launch.mjs"),
        **where,
    }
    done = subprocess.run(
        [wheel_node(), PROGRAMS / "open-page.mjs", json.dumps(task)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.browser
@pytest.mark.parametrize(("bundler", "forms"), [("esbuild", 1), ("vite", 3)])
def test_a_page(bundlers: Path, bundler: str, forms: int) -> None:
    bundle(bundlers, bundler, "page", None)
    for each in in_chromium(folder=str(bundlers / "dist")):
        assert each != RIGHT
    bundle(bundlers, bundler, "page")
    assert in_chromium(folder=str(bundlers / "dist")) == [RIGHT] * forms


@pytest.mark.browser
def test_a_page_that_makes_modules_re_entrant_itself(bundlers: Path) -> None:
    bundle(bundlers, "esbuild", "hook", None)
    assert in_chromium(folder=str(bundlers / "dist")) == [RIGHT]


@pytest.mark.browser
def test_vites_server(bundlers: Path) -> None:
    argv = [wheel_node(), "bundle.mjs", "vite", "serve", json.dumps(PLUGIN)]
    server = subprocess.Popen(argv, cwd=bundlers, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        assert in_chromium(url=server.stdout.readline().strip()) == [RIGHT] * 3
    finally:
        server.stdin.close()
        server.wait(30)
        server.stdout.close()
