"""Run ``stackswitch trace`` as a user does, and read what it wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from stackswitch.engines.locate import Engine, find_engine
from stackswitch.models.trace import TRACE_LINE, TraceEnd, TraceError, TraceLine, TraceSuspension, TraceTrap


@dataclass
class Traced:
    """A run and its trace."""

    status: int
    stdout: str
    stderr: str
    lines: list[TraceLine]

    @property
    def suspensions(self) -> list[TraceSuspension]:
        return [line for line in self.lines if isinstance(line, TraceSuspension)]

    @property
    def traps(self) -> list[TraceTrap]:
        return [line for line in self.lines if isinstance(line, TraceTrap)]

    @property
    def errors(self) -> list[TraceError]:
        return [line for line in self.lines if isinstance(line, TraceError)]

    @property
    def ends(self) -> list[TraceEnd]:
        return [line for line in self.lines if isinstance(line, TraceEnd)]

    @property
    def missing(self) -> set[str]:
        return {name for each in self.suspensions for name in each.missing}


Trace = Callable[..., Traced]


def read(path: Path) -> list[TraceLine]:
    return [TRACE_LINE.validate_json(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def trace(tmp_path: Path) -> Trace:
    """Trace a command in the test's folder."""

    def run(*command: str | Path, options: tuple[str, ...] = (), timeout: float = 60.0, **env: str) -> Traced:
        output = tmp_path / "trace.jsonl"
        output.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", "stackswitch", "trace", "--output", output, *options, "--", *command],
            cwd=tmp_path,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Traced(done.returncode, done.stdout, done.stderr, read(output) if output.exists() else [])

    return run


@pytest.fixture(scope="session")
def node() -> Engine:
    """A Node with JSPI."""
    return find_engine()
