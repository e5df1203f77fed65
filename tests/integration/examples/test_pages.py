"""Examples of builds from npm do what their pages say: each command is run, and its output compared."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stackswitch.engines.targets import engine_program
from stackswitch.errors import StackswitchError
from stackswitch.tools.downloads import npm_packages
from tests.requirements import missing

from .documented import check

ROOT = Path(__file__).parents[3]
PIP = "pip install"


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
