"""Finds a ``wasm-opt`` that can do the work.

Looked at in turn: the one that was asked for, ``$STACKSWITCH_WASM_OPT``, the first on PATH, npm's (pinned in
``node_shim/package-lock.json``, fetched on first need). One that was asked for and fails the self-check is an
error; one that merely lies on PATH is passed over. What came of a check is kept, by the file's path, time and
size.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from stackswitch.errors import ToolError, ToolNotFoundError
from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.files import replace_file
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


async def find_wasm_opt(asked_for: Path | None = None, *, progress: Progress | None = None) -> FoundTool:
    """Find a ``wasm-opt``; fetches npm's if there is no other.

    :param asked_for: use this one and no other
    :param progress: takes a line before something long, in the caller's thread
    :raises ToolNotFoundError: none that does; says what was looked at and why it was refused
    :raises DownloadError: npm's was needed and can't be fetched
    """
    if asked_for is not None:
        return await _only(asked_for, "asked for")
    if named := os.environ.get(VARIABLE):
        return await _only(Path(named), f"${VARIABLE}")
    refused: list[str] = []
    if on_path := shutil.which("wasm-opt"):
        found, why = await _try(Path(on_path))
        if found is not None:
            return found
        refused.append(f"PATH: {on_path}: refused: {why}")
    else:
        refused.append("PATH: no wasm-opt")
    path = await npm_wasm_opt(progress or silent)
    found, why = await _try(path)
    if found is None:
        looked = [*refused, f"npm's: {path}: refused: {why}"]
        raise ToolNotFoundError("there is no wasm-opt that can do the work", looked=looked, install=_INSTALL)
    passed_over = tuple(each for each in refused if "refused" in each)
    return FoundTool(found.tool, found.path, found.version, passed_over)


async def npm_wasm_opt(progress: Progress) -> Path:
    """The path of npm's pinned ``wasm-opt``; fetched if it is not in the cache.

    :raises DownloadError: it can't be fetched
    """
    loop = asyncio.get_running_loop()

    def tell(line: str) -> None:
        loop.call_soon_threadsafe(progress, line)

    folder = await asyncio.to_thread(npm_packages, node_shim_dir(), progress=tell)
    return folder / "node_modules" / "binaryen" / "bin" / "wasm-opt"


async def _only(path: Path, whence: str) -> FoundTool:
    resolved = _existing(path)
    if resolved is None:
        raise ToolNotFoundError(
            "there is no such wasm-opt", looked=[f"{whence}: {path}: no file"], install=_INSTALL
        )
    found, why = await _try(resolved)
    if found is None:
        raise ToolNotFoundError(
            f"this wasm-opt will not do; {WOULD_DO}",
            looked=[f"{whence}: {resolved}: refused: {why}"],
            install=_INSTALL,
        )
    return found


def _existing(path: Path) -> Path | None:
    """A file as it is named, or by its bare name from PATH."""
    if path.is_file():
        return path.absolute()
    on_path = shutil.which(path) if len(path.parts) == 1 else None
    return Path(on_path) if on_path else None


async def _try(path: Path) -> tuple[FoundTool | None, str]:
    """Check one, or remember what came of it; the reason is empty if it passed."""
    try:
        tool = _tool(path)
        kept = _place_of_verdict(path)
    except OSError as error:
        return None, str(error)
    verdict = _read_verdict(kept)
    if verdict is None:
        try:
            verdict = await _check(tool)
        except ToolError as error:  # perhaps not the tool's fault: it may have another try next time
            await tool.aclose()
            return None, str(error)
        _keep_verdict(kept, verdict)
    version, why = verdict
    if why:
        await tool.aclose()
        return None, f"{version or 'no version'}: {why}"
    return FoundTool(tool, path, version), ""


def _tool(path: Path) -> Tool:
    """Choose how to run it: an Emscripten program for Node is kept warm, anything else is a process."""
    with path.open("rb") as file:
        first_line = file.readline(256)
    if first_line.startswith(b"#!") and b"node" in first_line:
        return NodeTool(path.resolve())
    return ProcessTool([str(path)])


async def _check(tool: Tool) -> tuple[str, str]:
    run = await tool.run(["--version"], {}, [], timeout_s=TIMEOUT_S)
    version = run.stdout.decode("utf-8", "replace").strip()
    if run.status or not version:
        return "", f"--version gives status {run.status} and {version!r}"
    return version, await self_check(tool) or ""


def _place_of_verdict(path: Path) -> Path:
    status = path.stat()
    identity = f"{path.resolve()}\0{status.st_mtime_ns}\0{status.st_size}\0{CHECK_FORMAT}"
    name = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()
    return cache_dir() / "checks" / f"{name}.json"


def _read_verdict(kept: Path) -> tuple[str, str] | None:
    try:
        version, why = json.loads(kept.read_text("utf-8"))
    except (OSError, ValueError, TypeError):
        return None
    return str(version), str(why)


def _keep_verdict(kept: Path, verdict: tuple[str, str]) -> None:
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        replace_file(kept, json.dumps(verdict).encode())
