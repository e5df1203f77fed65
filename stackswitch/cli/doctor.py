"""``stackswitch doctor``: what is there, what is missing, and the command that gets it."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Annotated

import typer

from stackswitch import __version__
from stackswitch.backends.registry import BACKENDS, BackendOptions, open_backend
from stackswitch.errors import StackswitchError

from .console import Console
from .ending import run_async
from .progress import Progress
from .settings import load_settings

EXIT_SOMETHING_MISSING = 1


def doctor(
    engine: Annotated[
        str | None, typer.Option(help="The engine for jspi: node, node@24 (from npm), node:/path/to/node.")
    ] = None,
    wasm_opt: Annotated[Path | None, typer.Option(help="Binaryen's wasm-opt. Default: looked for.")] = None,
) -> None:
    """Say what is there, what is missing, and how to get it."""
    settings = load_settings(Path.cwd())
    options = BackendOptions(engine=engine or settings.engine, wasm_opt=wasm_opt or settings.wasm_opt)
    console = Console()
    machine = f"{platform.system()} {platform.machine()}"
    console.print(f"stackswitch {__version__}, Python {platform.python_version()}, {machine}")
    with Progress(Console(stderr=True)) as progress:
        healthy = run_async(_look(console, options, progress))
    if not healthy:
        raise typer.Exit(EXIT_SOMETHING_MISSING)


async def _look(console: Console, options: BackendOptions, progress: Progress) -> bool:
    """Open each backend for real: whatever works here works in ``test``."""
    healthy = True
    for name, spec in BACKENDS.items():
        try:
            backend = await open_backend(name, options, progress.say)
        except StackswitchError as error:
            healthy = False
            console.print(f"✗ {name}: {spec.summary}", style="red", markup=False)
            console.message(str(error), indent=2)
            continue
        try:
            info = backend.info
            flags = f" {' '.join(info.flags)}" if info.flags else ""
            console.print(f"✓ {name}: {spec.summary}", style="green", markup=False)
            told = {"engine": f"{info.engine} {info.engine_version}{flags}", **info.details}
            for key, value in {**told, "features": ", ".join(sorted(info.features))}.items():
                console.message(f"{key:<12} {value}", indent=2)
        finally:
            await backend.aclose()
    return healthy
