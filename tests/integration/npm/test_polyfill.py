"""The npm package's polyfill, used by glue that knows only JSPI; and what is in the package."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from wasmtime import wat2wasm

import stackswitch
from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import wheel_node

from .conftest import PACKAGE, ROOT

BUILD = ROOT / "node_shim" / "test" / "builds" / "glue.wasm"
GLUE = """
import { readFileSync } from "node:fs";
const { Suspending } = WebAssembly;
const wait = new Suspending(async (value) => value * 2);
const env = { wait, wait64: wait, pair: wait, plain: () => 0 };
const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), { env });
const value = await WebAssembly.promising(instance.exports.one)(20);
console.log(value, String(Suspending).includes("[native code]"));
"""


def _run(project: Path, *flags: str, build: Path = BUILD, cache: Path | None = None) -> str:
    (project / "glue.mjs").write_text(GLUE)
    done = subprocess.run(
        [wheel_node(), *flags, "glue.mjs", build],
        cwd=project,
        env={**os.environ, "STACKSWITCH_CACHE": str(cache or project / "cache")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout.strip() or done.stderr


def test_it_serves_an_engine_without_jspi(project: Path) -> None:
    assert "TypeError" in _run(project)  # the glue alone
    assert _run(project, "--import", "stackswitch-jspi/auto") == "41 false"


def test_it_leaves_an_engine_alone_that_has_its_own(project: Path) -> None:
    flags = ("--experimental-wasm-jspi", "--import", "stackswitch-jspi/auto")
    assert _run(project, *flags) == "41 true"


def test_it_instruments_modules_as_they_are_loaded(project: Path, tmp_path: Path) -> None:
    packages = npm_packages(ROOT / "node_shim") / "node_modules"
    (project / "node_modules" / "binaryen").symlink_to(packages / "binaryen")
    plain = tmp_path / "plain.wasm"
    plain.write_bytes(wat2wasm(BUILD.with_suffix(".wat").read_text()))
    cache = tmp_path / "cache"

    def run() -> str:
        flags = ("--import", "stackswitch-jspi/auto-instrument")
        return _run(project, *flags, build=plain, cache=cache)

    assert run() == "41 false"
    (kept,) = (cache / "polyfill").iterdir()
    built = kept.read_bytes()
    kept.write_bytes(built[:-5])  # a damaged build is made anew
    assert run() == "41 false"
    assert kept.read_bytes() == built


def test_every_file_that_is_imported_is_in_it(project: Path) -> None:
    folder = project / "node_modules" / "stackswitch-jspi"
    for path in folder.rglob("*.mjs"):
        for found in re.findall(r'from "(\.[^"]+)"', path.read_text()):
            assert (path.parent / found).is_file(), f"{path.name} imports {found}"
    assert (folder / "LICENSE").is_file()
    assert not list(folder.rglob("test*"))


def test_its_version_is_the_projects() -> None:
    assert json.loads((PACKAGE / "package.json").read_text())["version"] == stackswitch.__version__
