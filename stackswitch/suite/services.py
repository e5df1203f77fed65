"""The servers for a suite's commands: started once for each run, and always ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from stackswitch.errors import ToolError, ToolNotFoundError
from stackswitch.models.command import Services, variables
from stackswitch.tools import watchdog
from stackswitch.tools.failures import describe_status
from stackswitch.tools.processes import exited, kill_group, text_of

_GRACE_S = 10.0
"""How long services may take to end after their standard input was closed (seconds)."""
_GRACE_UNREADY_S = 1.0
_MOST_STDERR = 8 << 10
_LINE_LIMIT = 1 << 20
_GIVEN = TypeAdapter(dict[str, str])


@dataclass
class RunningServices:
    """Services that run. ``env``: what they add to the environment of the cases; ``stderr``: the end of
    what they wrote to it.
    """

    env: dict[str, str]
    process: asyncio.subprocess.Process | None = None
    stderr: bytearray = field(default_factory=bytearray)

    @property
    def problem(self) -> str | None:
        """Why cases cannot use them any more; None: they run."""
        if self.process is None or self.process.returncode is None:
            return None
        stderr = text_of(bytes(self.stderr)).strip()
        ended = describe_status(self.process.returncode)
        return f"the suite's services have ended ({ended})" + (f": {stderr[-500:]}" if stderr else "")


@asynccontextmanager
async def running(spec: Services | None, folder: Path) -> AsyncIterator[RunningServices]:
    """Start a suite's services and wait until they are ready; at the end, kill all that they started.

    :param folder: the suite's, which is their working directory
    :raises ToolNotFoundError: there is no such command
    :raises ToolError: they do not start, are not ready in time, or print something else than a JSON object
    """
    if spec is None:
        yield RunningServices({})
        return
    process = await _start(spec, folder)
    watchdog.watch(process.pid)
    stderr = bytearray()
    listening = asyncio.create_task(_read(process.stderr, stderr))
    draining: asyncio.Task[None] | None = None
    try:
        env = await _ready(spec, process, stderr)
        draining = asyncio.create_task(_read(process.stdout, bytearray()))
        yield RunningServices(env, process, stderr)
    finally:
        await _end(process, _GRACE_UNREADY_S if draining is None else _GRACE_S)
        for task in filter(None, (listening, draining)):
            task.cancel()
        process._transport.close()  # type: ignore[attr-defined]


async def _start(spec: Services, folder: Path) -> asyncio.subprocess.Process:
    program, *args = spec.command
    env = {**os.environ, **spec.env}
    if "/" in program:
        path: str | None = str((folder / program).absolute())
    elif program in ("python", "python3"):
        path = sys.executable  # the one that has what stackswitch was installed with
    else:
        path = shutil.which(program, path=env.get("PATH"))
    try:
        if path is not None:
            watchdog.ready()
            return await asyncio.create_subprocess_exec(
                path,
                *args,
                cwd=folder,
                env=env,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                limit=_LINE_LIMIT,
            )
    except FileNotFoundError:
        pass
    except OSError as error:
        what = f"suite.toml: services: does not start: {error.strerror}"
        raise ToolError(what, argv=spec.command, status=None) from None
    raise ToolNotFoundError(
        f"suite.toml: services: there is no command {program}",
        looked=[f"PATH: {env.get('PATH', 'not set')}"],
    )


async def _ready(spec: Services, process: asyncio.subprocess.Process, stderr: bytearray) -> dict[str, str]:
    assert process.stdout is not None

    def failed(what: str) -> ToolError:
        status = process.returncode
        return ToolError(
            f"suite.toml: services: {what}", argv=spec.command, status=status, stderr=text_of(bytes(stderr))
        )

    try:
        line = await asyncio.wait_for(process.stdout.readline(), spec.ready_timeout_s)
    except asyncio.TimeoutError:
        raise failed(f"not ready after {spec.ready_timeout_s:g} s: no line of JSON was printed") from None
    except ValueError:
        raise failed("the line that says they are ready has no end") from None
    if not line:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(exited(process), 1.0)
        await asyncio.sleep(0.05)  # the rest of its last words
        raise failed("ended before they were ready")
    try:
        return variables(_GIVEN.validate_json(line))
    except ValueError:
        raise failed(
            f"the first line on standard output has to be a JSON object of strings, such as"
            f' {{"HTTP_URL": "…"}}; it is {text_of(line).strip()[:200]!r}'
        ) from None


async def _read(stream: asyncio.StreamReader | None, tail: bytearray) -> None:
    """Read all that they print, so that they never wait for a reader; keep the end."""
    assert stream is not None
    while chunk := await stream.read(1 << 14):
        tail += chunk
        del tail[:-_MOST_STDERR]


async def _end(process: asyncio.subprocess.Process, grace_s: float) -> None:
    """Close standard input and wait for their end; then kill what is left of the group."""
    assert process.stdin is not None
    try:
        process.stdin.close()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(exited(process), grace_s)
    finally:
        kill_group(process.pid)
        await exited(process)
