"""The user's runner: one long process under observation that runs a program a line and answers each."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from subprocess import PIPE
from typing import IO

from stackswitch.errors import ToolError
from stackswitch.tools import watchdog
from stackswitch.tools.parsing import json_value
from stackswitch.tools.processes import start

from .programs import Program

_STDERR_LINES, _STDERR_CHARACTERS = 50, 4000


@dataclass(frozen=True)
class ProgramResult:
    """How a program ended.

    :ivar ok: False: it broke the module, or the runner; ``detail`` says how
    :ivar alive: whether the runner still runs
    """

    ok: bool
    detail: str = ""
    alive: bool = True


class Runner:
    """A runner process; started at the first program, and again after it has died.

    :param command: what to start
    :param environment: of the process, observation included
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self._child: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._stderr: deque[bytes] = deque(maxlen=_STDERR_LINES)
        self.answered = 0

    def run(self, program: Program, timeout_s: float) -> ProgramResult:
        """Run a program, and wait for its answer; a runner that gives none in time is killed.

        :raises ToolNotFoundError: there is no such command
        :raises ToolError: the command does not start, or does not answer as a runner does
        """
        child = self._child or self._start()
        line = json.dumps({"id": program.id, "program": program.program}).encode() + b"\n"
        try:
            _pipe(child.stdin).write(line)
            _pipe(child.stdin).flush()
        except OSError:
            return self._died(child)
        try:
            got = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            self.stop()
            return ProgramResult(ok=False, detail=f"no answer in {timeout_s:g} s: killed", alive=False)
        if not got:
            return self._died(child)
        self.answered += 1
        try:
            found = json_value(got)
            if found["id"] == program.id:
                return ProgramResult(bool(found["ok"]), str(found.get("detail", "")))
        except (ValueError, KeyError, TypeError):
            pass
        self.stop()
        shown = got[:200].decode("utf-8", "replace").rstrip()
        raise ToolError(
            f"the runner's answer to {program.id} is not understood: {shown}\n"
            '  it answers each line with {"id": the same, "ok": true or false, "detail": "…"}'
            " and writes nothing else to standard output",
            argv=self._command,
            status=None,
        )

    def stop(self) -> None:
        """End the process, if there is one."""
        self.interrupt()
        self.finish()

    def interrupt(self) -> None:
        """End the process from another thread: the one that waits for it gets a result that it died."""
        if (child := self._child) is not None:
            child.kill()

    def finish(self, timeout_s: float = 10) -> None:
        """Let the process end by itself, as one that has read all of its input; kill it if it does not."""
        child, self._child = self._child, None
        if child is None:
            return
        try:
            _pipe(child.stdin).close()
            child.wait(timeout=timeout_s)
        except (OSError, subprocess.TimeoutExpired):
            child.kill()
        self._reap(child)

    def _start(self) -> subprocess.Popen[bytes]:
        child = start(self._command, env=self._environment, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        self._lines = queue.Queue()
        self._stderr.clear()
        self._threads = (
            threading.Thread(target=_read_lines, args=(_pipe(child.stdout), self._lines.put), daemon=True),
            threading.Thread(
                target=_read_lines, args=(_pipe(child.stderr), self._stderr.append), daemon=True
            ),
        )
        for each in self._threads:
            each.start()
        self._child = child
        return child

    def _reap(self, child: subprocess.Popen[bytes]) -> None:
        child.wait()
        watchdog.unwatch(child.pid)
        for each in self._threads:
            each.join(timeout=5)
        for pipe in (child.stdin, child.stdout, child.stderr):
            with suppress(OSError):  # a pipe whose other end is gone cannot be flushed
                _pipe(pipe).close()

    def _died(self, child: subprocess.Popen[bytes]) -> ProgramResult:
        self._child = None
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()
        self._reap(child)
        words = b"".join(self._stderr)[-_STDERR_CHARACTERS:].decode("utf-8", "replace").strip()
        if not self.answered:
            raise ToolError(
                "the runner ended before its first answer", argv=self._command, status=child.returncode,
                stderr=words,
            )  # fmt: skip
        return ProgramResult(ok=False, detail=f"ended with {child.returncode}: {words}", alive=False)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _read_lines(pipe: IO[bytes], receive: Callable[[bytes], None]) -> None:
    """Hand on each line; an empty one at the end."""
    with suppress(ValueError):  # closed while it was read
        for line in pipe:
            receive(line)
    receive(b"")
