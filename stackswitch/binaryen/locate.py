"""Finds a ``wasm-opt`` that can do the work.

Searched in order: the requested one, ``$STACKSWITCH_WASM_OPT``, the first on PATH, npm's (pinned in
``node_shim/package-lock.json``, fetched on first need). If a requested one fails the self-check, that is an
error; one that is just on PATH is skipped. The result of a check is stored by the file's path, time and size.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from stackswitch.errors import ToolError, ToolNotFoundError
from stackswitch.models.base import Frozen
from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.files import read_cached, write_cached
from stackswitch.tools.paths import cache_dir, node_shim_dir
from stackswitch.tools.progress import Progress, silent

from .node_tool import NodeTool
from .selfcheck import CHECK_FORMAT, TIMEOUT_S, WOULD_DO, self_check
from .tool import ProcessTool, Tool

VARIABLE = "STACKSWITCH_WASM_OPT"
_INSTALL = f"npm install -g binaryen ({WOULD_DO}), or leave {VARIABLE} unset and npm's is fetched"


@dataclass(frozen=True)
class FoundTool:
    """A ``wasm-opt`` that has passed; ``passed_over`` are those that have not, with why."""

    tool: Tool
    path: Path
    version: str
    passed_over: tuple[str, ...] = ()


async def find_wasm_opt(requested: Path | None = None, *, progress: Progress | None = None) -> FoundTool:
    """Find a ``wasm-opt``; fetches npm's if there is no other.

    :param requested: use this one and no other
    :param progress: called with a line before something long, in the caller's thread
    :raises ToolNotFoundError: none can do the work; with what was tried, and why it was refused
    :raises DownloadError: npm's was needed and can't be fetched
    """
    if requested is not None:
        return await _only(requested, "requested")
    if named := os.environ.get(VARIABLE):
        return await _only(Path(named), f"${VARIABLE}")
    passed_over: tuple[str, ...] = ()
    looked = "PATH: no wasm-opt"
    if on_path := shutil.which("wasm-opt"):
        found = await _try(Path(on_path))
        if isinstance(found, FoundTool):
            return found
        looked = f"PATH: {on_path}: refused: {found}"
        passed_over = (looked,)
    path = await npm_wasm_opt(progress or silent)
    found = await _try(path)
    if isinstance(found, FoundTool):
        return replace(found, passed_over=passed_over)
    raise ToolNotFoundError(
        "there is no wasm-opt that can do the work",
        looked=[looked, f"npm's: {path}: refused: {found}"],
        install=_INSTALL,
    )


async def npm_wasm_opt(progress: Progress) -> Path:
    """Return the path of npm's pinned ``wasm-opt``; it is fetched if it is not in the cache.

    :raises DownloadError: it can't be fetched
    """
    loop = asyncio.get_running_loop()

    def say(line: str) -> None:
        loop.call_soon_threadsafe(progress, line)

    folder = await asyncio.to_thread(npm_packages, node_shim_dir(), progress=say)
    return folder / "node_modules" / "binaryen" / "bin" / "wasm-opt"


async def _only(path: Path, whence: str) -> FoundTool:
    resolved = _existing(path)
    if resolved is None:
        looked, message = f"{path}: no file", "there is no such wasm-opt"
    else:
        found = await _try(resolved)
        if isinstance(found, FoundTool):
            return found
        looked, message = f"{resolved}: refused: {found}", f"this wasm-opt will not do; {WOULD_DO}"
    raise ToolNotFoundError(message, looked=[f"{whence}: {looked}"], install=_INSTALL)


def _existing(path: Path) -> Path | None:
    """Return a file as it is named, or from PATH by its bare name."""
    if path.is_file():
        return path.absolute()
    on_path = shutil.which(path) if len(path.parts) == 1 else None
    return Path(on_path) if on_path else None


async def _try(path: Path) -> FoundTool | str:
    """Check one, or read the stored result; return why it is refused if it is."""
    try:
        tool = _tool(path)
        stored = _verdict_path(path)
    except OSError as error:
        return str(error)
    verdict = read_cached(stored, _Verdict)
    if verdict is None:
        try:
            verdict = await _check(tool)
        except ToolError as error:  # perhaps not the tool's fault: it is tried again next time
            await tool.aclose()
            return str(error)
        write_cached(stored, verdict)
    if verdict.refused:
        await tool.aclose()
        return f"{verdict.version or 'no version'}: {verdict.refused}"
    return FoundTool(tool, path, verdict.version)


def _tool(path: Path) -> Tool:
    """Choose how to run it: an Emscripten program for Node stays loaded, anything else is a process."""
    with path.open("rb") as file:
        first_line = file.readline(256)
    if first_line.startswith(b"#!") and b"node" in first_line:
        return NodeTool(path.resolve())
    return ProcessTool([str(path)])


class _Verdict(Frozen):
    """The result of a check, as it is stored. ``refused``: why; empty: it passed."""

    version: str
    refused: str


async def _check(tool: Tool) -> _Verdict:
    run = await tool.run(["--version"], {}, [], timeout_s=TIMEOUT_S)
    version = run.stdout.decode("utf-8", "replace").strip()
    if run.status or not version:
        return _Verdict(version="", refused=f"--version gives status {run.status} and {version!r}")
    return _Verdict(version=version, refused=await self_check(tool) or "")


def _verdict_path(path: Path) -> Path:
    status = path.stat()
    identity = f"{path.resolve()}\0{status.st_mtime_ns}\0{status.st_size}\0{CHECK_FORMAT}"
    name = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()
    return cache_dir() / "checks" / f"{name}.json"
