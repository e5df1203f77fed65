"""The user's build command, run with the new lists in place; if it fails, the old ones are restored."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from stackswitch.errors import ToolError
from stackswitch.fix.file_restore import FileRestorer
from stackswitch.fix.sources import ListSource
from stackswitch.tools import watchdog

from .fix_output import write_lists

_TAIL_BYTES = 4000
"""How much of a command's output is kept for the message (bytes)."""


@dataclass
class BuildCommand:
    """Writes lists and runs a command through the shell.

    :ivar command: as the user wrote it
    :ivar folder: where it is run
    :ivar restorer: restores the old lists unless all ends well
    :ivar say: takes lines about what is being done
    """

    command: str
    folder: Path
    restorer: FileRestorer
    say: Callable[[str], None]
    _written: dict[Path, bytes] = field(default_factory=dict)

    async def run(self, sources: Sequence[ListSource]) -> None:
        """Write the lists that have changed, and build.

        :raises OutputError: a file was edited by others meanwhile, or cannot be written
        :raises ToolError: the command failed; the message has the end of its output
        """
        self.restorer.protect({each.path: each.before for each in sources})
        write_lists(sources, self._written)
        self.say(f"building: {self.command}")
        watchdog.ready()
        process = await asyncio.create_subprocess_shell(
            self.command,
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        watchdog.watch(process.pid)
        output = b""
        try:
            assert process.stdout is not None
            while part := await process.stdout.read(1 << 16):
                output = (output + part)[-_TAIL_BYTES:]
            status = await process.wait()
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                await process.wait()
            watchdog.unwatch(process.pid)
        if status:
            raise ToolError(
                "the build command failed with the new lists; the old ones are restored",
                argv=[self.command],
                status=status,
                stderr=output.decode("utf-8", "replace"),
            )
