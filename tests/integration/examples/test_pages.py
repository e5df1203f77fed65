"""Examples of builds from npm do what their pages say: each command is run, and its output compared."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from stackswitch.engines.targets import engine_program
from stackswitch.errors import StackswitchError
from stackswitch.tools.downloads import npm_packages
from tests.requirements import missing

from .documented import check

ROOT = Path(__file__).parents[3]
TOOLCHAINS = Path(os.environ.get("STACKSWITCH_TOOLCHAINS", ROOT / ".ci" / "cache" / "toolchains"))
PIP = "pip install"
EMCC = """#!/bin/sh
# Debian sid's emcc, installed by .ci/toolchains: the folder goes into its system, the build comes back.
set -e
sudo=""; [ "$(id -u)" = 0 ] || sudo="sudo -E"
root=@TOOLCHAINS@/sid
$sudo rm -rf "$root/table/example"
$sudo mkdir -p "$root/table"
$sudo cp -r . "$root/table/example"
$sudo chroot "$root" env -i PATH=/usr/sbin:/usr/bin HOME=/table EM_CACHE=/var/cache/emscripten \\
  sh -c 'cd /table/example && exec emcc "$@"' emcc "$@"
cp -r "$root/table/example/build/." build
"""


def copied(folder: Path, *examples: str) -> Path:
    """Copy examples, so that nothing is written into this checkout; without what is linked and built."""
    left_out = shutil.ignore_patterns("node_modules", "libraries", "*-reentrant.wasm", "__pycache__")
    for each in examples:
        shutil.copytree(ROOT / "examples" / each, folder / "examples" / each, ignore=left_out)
    shutil.copyfile(ROOT / "examples" / "fetch.py", folder / "examples" / "fetch.py")
    return folder


def fetched(example: str, marker: str) -> Path:
    """Return the folder of Node 26, when the example's packages are here too."""
    try:
        npm_packages(ROOT / "examples" / example)
        program = engine_program("node@26")
    except StackswitchError as error:
        missing(marker, f"npm cannot be reached: {error}")
    assert program is not None
    return program.parent


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("page", "example"),
    [
        ("examples/pyodide/README.md", "pyodide"),
        ("examples/wa-sqlite/README.md", "wa-sqlite"),
        ("docs/make-reentrant.md", "wa-sqlite"),
    ],
)
def test_commands_print_what_the_page_shows(tmp_path: Path, page: str, example: str) -> None:
    node = fetched(example, "corpus")
    check(ROOT / page, copied(tmp_path, example), [node], skipped=PIP)


@pytest.mark.php
def test_php_gives_the_same_output(tmp_path: Path) -> None:
    node = fetched("php", "php")
    check(ROOT / "examples/php/README.md", copied(tmp_path, "php"), [node], skipped=PIP)


@pytest.mark.toolchain
@pytest.mark.parametrize("page", ["examples/cpp-exceptions/README.md", "docs/exceptions-on-jspi.md"])
def test_a_program_of_emscripten_6(tmp_path: Path, page: str) -> None:
    assert (TOOLCHAINS / "sid").is_dir(), f"no {TOOLCHAINS}/sid: make it by .ci/toolchains {TOOLCHAINS}"
    emcc = tmp_path / "bin" / "emcc"
    emcc.parent.mkdir()
    emcc.write_text(EMCC.replace("@TOOLCHAINS@", str(TOOLCHAINS)))
    emcc.chmod(0o755)
    programs = [emcc.parent, fetched("wa-sqlite", "network")]
    check(ROOT / page, copied(tmp_path, "cpp-exceptions"), programs, skipped=PIP)
