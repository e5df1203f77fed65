"""Real programs give the same results with and without observation, on each engine that they are for.

A program is a file in ``programs/``. Comments at its beginning say which ``engines`` it is for, by which
means it ``waits``, which ``packages`` it needs, if not this folder's own (a folder with a lockfile), and what
``trace`` ``finds``: rules.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stackswitch.engines.targets import engine_program
from stackswitch.errors import StackswitchError
from stackswitch.models.finding import TraceFinding
from stackswitch.models.trace import TRACE_LINE, TraceError, TraceLine, TraceSuspension
from stackswitch.tools.downloads import npm_packages
from tests.requirements import missing

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
FLAGS = {"node@24": ("--experimental-wasm-jspi",)}
"""Node 24 needs it up to 24.19; later ones accept it."""
INSIDE = "inside"
"""What a program ``waits`` by if its module suspends within itself, where no import waits."""
FEWEST = 12
"""Programs that suspend through an import."""
TIMEOUT_S = 180.0

pytestmark = pytest.mark.corpus


def header(path: Path, key: str) -> str:
    """What a program's leading comment says of itself."""
    found = re.search(rf"^// {key}: (.*)$", path.read_text("utf-8"), flags=re.MULTILINE)
    return found[1].strip() if found else ""


CORPUS = [path for path in sorted(PROGRAMS.glob("*.mjs")) if header(path, "engines")]
RUNS = [
    pytest.param(path, engine, id=f"{path.stem}-{engine}")
    for path in CORPUS
    for engine in header(path, "engines").split()
]


@pytest.fixture
def folder(path: Path, tmp_path: Path) -> Path:
    """A folder with the program, and its packages as ``node_modules``."""
    where = tmp_path / "program"
    where.mkdir()
    for each in PROGRAMS.glob("*.mjs"):
        (where / each.name).write_bytes(each.read_bytes())
    try:
        packages = npm_packages(HERE / header(path, "packages"))
    except StackswitchError as error:
        missing("corpus", f"the corpus cannot be installed: {error}")
    (where / "node_modules").symlink_to(packages / "node_modules")
    return where


@pytest.fixture
def node(engine: str) -> list[str | Path]:
    """The engine's program with its flags."""
    try:
        program = engine_program(engine)
    except StackswitchError as error:
        missing("corpus", f"{engine}: {error}")
    assert program is not None
    return [program, *FLAGS.get(engine, ())]


@pytest.mark.parametrize(("path", "engine"), RUNS)
def test_a_real_program_is_not_changed(
    path: Path, folder: Path, node: list[str | Path], tmp_path: Path
) -> None:
    command = [*node, path.name]
    output = tmp_path / "trace.jsonl"
    trace = [sys.executable, "-m", "stackswitch", "trace", "--output", output, "--", *command]
    alone, observed = (_run(argv, folder) for argv in (command, trace))
    assert alone.stdout
    assert (observed.returncode, observed.stdout) == (alone.returncode, alone.stdout)
    assert _own(observed.stderr) == _own(alone.stderr)
    lines = [TRACE_LINE.validate_json(line) for line in output.read_bytes().splitlines()]
    assert _suspended_by(lines) == {header(path, "waits")} - {INSIDE}
    # A worker that its program ends has no last word.
    assert [line.message for line in lines if isinstance(line, TraceError) and not line.thread] == []
    found = {line.rule for line in lines if isinstance(line, TraceFinding) and line.counts}
    assert found == set(header(path, "finds").split())


def test_the_corpus_has_programs_that_suspend() -> None:
    assert len([path for path in CORPUS if header(path, "waits") != INSIDE]) >= FEWEST


def test_the_lockfile_is_exact_and_names_no_registry() -> None:
    pins = json.loads((HERE / "package.json").read_text("utf-8"))["dependencies"]
    assert [pin for pin in pins.values() if not re.fullmatch(r"[0-9.]+", pin)] == []
    lock = json.loads((HERE / "package-lock.json").read_text("utf-8"))
    assert [name for name, each in lock["packages"].items() if "resolved" in each] == []


def _run(argv: list[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "NODE_OPTIONS"}
    return subprocess.run(
        argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


def _own(stderr: str) -> str:
    """What the program itself wrote, process ids left out: the recorder's summary comes after its end."""
    return re.sub(r"\(node:\d+\)", "", re.split(r"^stackswitch: ", stderr, flags=re.MULTILINE)[0])


def _suspended_by(lines: list[TraceLine]) -> set[str]:
    return {line.backend for line in lines if isinstance(line, TraceSuspension)}
