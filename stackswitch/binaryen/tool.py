"""A Binaryen tool as the rest of the package uses it, and the simplest one: a process for each run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from stackswitch.errors import ToolError
from stackswitch.models.base import Frozen
from stackswitch.tools import watchdog
from stackswitch.tools.processes import MOST_STDOUT, run_command

ENVIRONMENT = {"BINARYEN_CORES": "1"}
"""With more than one core Binaryen mixes the lines of its threads."""


class ToolRun(Frozen):
    """What came of a run: the exit status, what was printed, the outputs that were written."""

    argv: tuple[str, ...]
    status: int
    stdout: bytes
    stderr: bytes
    files: dict[str, bytes]

    @property
    def stderr_text(self) -> str:
        """What was printed to stderr; bytes that are no UTF-8 come back on ``os.fsencode``-like encoding."""
        return self.stderr.decode("utf-8", "surrogateescape")


class Tool(Protocol):
    """Runs ``wasm-opt`` on files by name, in a folder of their own. Safe for several runs at a time."""

    async def run(
        self, args: Sequence[str], files: Mapping[str, bytes], outputs: Sequence[str], *, timeout_s: float
    ) -> ToolRun:
        """Run it once; a status other than 0 is returned, not raised.

        :param args: the command line without the tool itself
        :param files: what it may read, by name
        :param outputs: the names of the files to return
        :raises ToolError: it did not start, died, or took longer than ``timeout_s`` (seconds)
        """
        ...

    async def aclose(self) -> None:
        """End what was started; a second call does nothing."""
        ...


class ProcessTool:
    """Starts a process for each run: right for a native ``wasm-opt``, which starts in milliseconds."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = tuple(command)

    async def run(
        self, args: Sequence[str], files: Mapping[str, bytes], outputs: Sequence[str], *, timeout_s: float
    ) -> ToolRun:
        """Run it once (see ``Tool.run``)."""
        argv = (*self.command, *args)
        with watchdog.scratch("stackswitch-") as folder:
            for name, data in files.items():
                (Path(folder) / name).write_bytes(data)
            env = {**os.environ, **ENVIRONMENT}
            try:
                ended = await run_command(argv, env, Path(folder), b"", timeout_s, most_stderr=MOST_STDOUT)
            except OSError as error:
                raise ToolError(f"it cannot be run: {error}", argv=argv, status=None) from None
            if ended.status is None:
                raise ToolError(f"it was not done after {timeout_s:g} s", argv=argv, status=None)
            written = {name: path.read_bytes() for name in outputs if (path := Path(folder) / name).is_file()}
        return ToolRun(
            argv=argv, status=ended.status, stdout=ended.stdout, stderr=ended.stderr, files=written
        )

    async def aclose(self) -> None:
        """Nothing is left running."""
