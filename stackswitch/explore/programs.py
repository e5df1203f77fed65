"""The programs that a generator writes: one a line, as JSON; each is run once."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from stackswitch.errors import ConfigError, ToolError
from stackswitch.models.base import Frozen
from stackswitch.tools import watchdog
from stackswitch.tools.processes import start


class Program(Frozen):
    """A program to run; ``id`` says to people what it is about."""

    id: str
    program: str

    @property
    def digest(self) -> str:
        """The program's identity: programs with the same text are one."""
        return hashlib.sha256(self.program.encode("utf-8", "surrogatepass")).hexdigest()


def parse_programs(lines: Iterable[bytes], source: str) -> Iterator[Program]:
    """Read programs as they come; of programs with the same text, only the first.

    :param source: where the lines come from, for the message
    :raises ConfigError: a line is no program; the message has its number
    """
    known: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            program = Program.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = "".join(f"{part}: " for part in first["loc"])
            raise ConfigError(
                f'{source}: line {number} is no program ({{"id": …, "program": …}}): {where}{first["msg"]}'
            ) from None
        if program.digest not in known:
            known.add(program.digest)
            yield program


@contextmanager
def programs_of(generator: str) -> Iterator[Iterator[Program]]:
    """Open a generator: a file of programs (``.jsonl``), or a command that writes them to standard output.

    Programs are read as they are needed, so a generator may write without end.

    :raises ConfigError: the generator is neither, or cannot be read
    :raises ToolNotFoundError: there is no such command
    :raises ToolError: the command fails
    """
    if generator.endswith(".jsonl"):
        try:
            with Path(generator).open("rb") as file:
                yield parse_programs(file, generator)
        except OSError as error:
            raise ConfigError(f"{generator}: cannot be read: {error.strerror}") from None
        return
    argv = _words(generator)
    child = start(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    stdout = child.stdout
    assert stdout is not None
    ended = False

    def lines() -> Iterator[bytes]:
        nonlocal ended
        yield from stdout
        ended = True

    try:
        yield parse_programs(lines(), generator)
        if ended and child.wait() != 0:
            raise ToolError("the generator failed", argv=argv, status=child.returncode)
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        watchdog.unwatch(child.pid)
        stdout.close()


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigError(f"the generator {command!r} is no command: {error}") from None
    if not words:
        raise ConfigError("the generator is empty: give a command, or a file that ends in .jsonl")
    return words
