"""What each tool makes of a build of the table: an outcome in a few words, for ``table.toml`` to compare.

``right``: all calls gave the right results. ``wrong``: some gave other values. ``fails: …``: it did not get
so far, or a call ended in an error. ``refused: …``: our command refused the build.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from stackswitch.engines.targets import engine_program
from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import node_shim_dir
from stackswitch.wasm.module import parse_module

HERE = Path(__file__).parent
TIMEOUT_S = 120
_WORDS = 90
_PATH = re.compile(r"[^\s:]*/program\.(?:wasm|m?js)")


@dataclass(frozen=True)
class Build:
    """A build: ``name`` as in ``builds.toml``, ``debian``: whose emcc made it, ``folder``: its files."""

    name: str
    debian: str
    folder: Path

    @property
    def kind(self) -> str:
        """``jspi`` or ``asyncify``."""
        return self.name.split("-")[0]

    @property
    def glue(self) -> Path:
        """The JavaScript that loads it."""
        (found,) = self.folder.glob("program.*js")
        return found

    @property
    def module(self) -> Path:
        return self.folder / "program.wasm"

    def imports(self) -> tuple[str, ...]:
        return tuple(each.full_name for each in parse_module(self.module.read_bytes()).function_imports())

    def copied(self, folder: Path) -> Build:
        """Return a copy, whose module may be replaced."""
        shutil.copytree(self.folder, folder)
        return Build(self.name, self.debian, folder)


@cache
def node(spec: str) -> Path:
    """Return the program of a Node from npm."""
    found = engine_program(spec)
    assert found is not None
    return found


def _short(text: str) -> str:
    return _PATH.sub("program", text.strip()).splitlines()[0][:_WORDS]


def _outcome(stdout: str, stderr: str) -> str:
    """Return the outcome of a run of ``drive.mjs``."""
    try:
        found: dict[str, Any] = json.loads(stdout.splitlines()[-1])
    except (IndexError, ValueError):
        errors = [line for line in stderr.splitlines() if "Error" in line]
        return f"fails: {_short((errors or stderr.splitlines() or ['it printed nothing'])[0])}"
    if found["failed"]:
        return f"fails: {_short(found['failed'])}"
    if not found["wrong"]:
        return "right"
    return "wrong" if isinstance(found["first"], int) else f"fails: {_short(str(found['first']))}"


def drive(glue: Path, how: str, engine: str, *options: str | Path) -> str:
    """Run a program's calls, ``apart`` or ``together``; return the outcome."""
    env = {**os.environ, "STACKSWITCH_CACHE": str(glue.parent / "cache")}
    argv = [node(engine), *options, HERE / "drive.mjs", glue, how]
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=TIMEOUT_S, cwd=glue.parent, env=env, check=False
        )
    except subprocess.TimeoutExpired:
        return "fails: no end"
    return _outcome(done.stdout, done.stderr)


def _command(name: str, *argv: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stackswitch", name, *map(str, argv)],
        capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip


def _refusal(done: subprocess.CompletedProcess[str]) -> str:
    said = (done.stderr + done.stdout).splitlines()
    errors = [each for each in said if each.startswith(("stackswitch: ", "the traces show", "incomplete: "))]
    line = errors[0] if errors else f"exit status {done.returncode}"
    why = re.sub(r"^stackswitch: (?:\S*program\S*: )?", "", _short(line))
    return f"refused: {why}"


def _polyfill(folder: Path, **options: Any) -> tuple[str, str]:
    """Return Node's option that installs the polyfill, by a file that is written into the folder."""
    text = f"import {{ install }} from {(node_shim_dir().resolve() / 'polyfill.mjs').as_uri()!r};\n"
    (folder / "polyfill.mjs").write_text(text + f"install({json.dumps(options)});\n", "utf-8")
    return "--import", (folder / "polyfill.mjs").as_uri()


def own(build: Build, _folder: Path) -> str:
    """The build as it is, one call after another, on Node 26."""
    return drive(build.glue, "apart", "node@26")


def overlapping(build: Build, _folder: Path) -> str:
    """The build as it is, all calls at once, on Node 26."""
    outcome = drive(build.glue, "together", "node@26")
    # Which of the two is chance: another call's exception, or no exception at all.
    return "wrong" if outcome.startswith("fails: RuntimeError") else outcome


def _traced(build: Build, output: Path) -> subprocess.CompletedProcess[str]:
    program = ("--", "node", HERE / "drive.mjs", build.glue)
    return _command("trace", "--output", output, "--engine", "node@26", *program)


def trace(build: Build, folder: Path) -> str:
    """What the program does under observation, compared with what it does without; the findings."""
    lines = folder / "trace.jsonl"
    done = _traced(build, lines)
    seen = _outcome(done.stdout, done.stderr)
    plain = own(build, folder)
    if seen != plain:
        return f"differs: {seen} instead of {plain}"
    read = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    findings = [each for each in read if each["kind"] == "finding"]
    if findings:
        names = {name for each in findings for listed in each["names"].values() for name in listed}
        return f"found: {', '.join(sorted({each['rule'] for each in findings} | names))}"
    return "right" if any(each["kind"] == "suspension" for each in read) else "no waits"


def reentrant(build: Build, folder: Path) -> str:
    """After ``reentrant``, with the same glue, all calls at once, on Node 26."""
    copy = build.copied(folder / "copy")
    invokes = ["--invokes"] if any("invoke_" in each for each in build.imports()) else []
    done = _command("reentrant", build.module, "--glue", build.glue, *invokes, "-o", copy.module)
    if done.returncode:
        return _refusal(done)
    result = drive(copy.glue, "together", "node@26")
    return "not right, as noted" if "catch blocks" in done.stderr and result != "right" else result


def polyfill(build: Build, folder: Path) -> str:
    """On Node 20, instrumented as it is loaded, all calls at once."""
    binaryen = npm_packages(node_shim_dir()) / "node_modules" / "binaryen" / "index.js"
    copy = build.copied(folder / "copy")
    options = _polyfill(folder, instrument={"binaryen": str(binaryen), "cache": str(folder / "cache")})
    return drive(copy.glue, "together", "node@20", *options)


def _waiting(build: Build) -> list[str]:
    """Return the options that name the imports which wait in these programs."""
    names = ("__asyncjs__", "emscripten_sleep", "pause_for")
    return [
        option
        for each in build.imports()
        if any(name in each for name in names)
        for option in ("--imports", each)
    ]


def instrument(build: Build, folder: Path) -> str:
    """After ``instrument``, on Node 20 with the polyfill, all calls at once."""
    copy = build.copied(folder / "copy")
    done = _command("instrument", build.module, *_waiting(build), "-o", copy.module)
    return _refusal(done) if done.returncode else drive(copy.glue, "together", "node@20", *_polyfill(folder))


def fix(build: Build, folder: Path) -> str:
    """With the list that ``fix`` computes from a trace, on Node 20 with the polyfill, calls apart."""
    lines, names = folder / "trace.jsonl", folder / "list.txt"
    _traced(build, lines)
    done = _command("fix", "--trace", lines, "--module", build.module, "--list", names)
    if done.returncode:
        return _refusal(done)
    copy = build.copied(folder / "copy")
    done = _command("instrument", build.module, "--list", names, *_waiting(build), "-o", copy.module)
    return _refusal(done) if done.returncode else drive(copy.glue, "apart", "node@20", *_polyfill(folder))


Tool = Callable[[Build, Path], str]
TOOLS: dict[str, Tool] = {
    each.__name__: each for each in (own, overlapping, trace, reentrant, polyfill, instrument, fix)
}
