"""``stackswitch doctor``: what is there, what is missing, and the command that gets it."""

from __future__ import annotations

import platform
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated

import typer

from stackswitch import __version__
from stackswitch.backends.registry import BACKENDS, BackendOptions, open_backend
from stackswitch.errors import BackendUnavailableError, StackswitchError

from .console import Console
from .ending import run_async
from .options import allowed_skips, backends_to_run, engine_for
from .progress import Progress
from .settings import load_settings


def doctor(
    engine: Annotated[
        str | None, typer.Option(help="The engine for jspi: node, node@24 (from npm), node:/path/to/node.")
    ] = None,
    wasm_opt: Annotated[Path | None, typer.Option(help="Binaryen's wasm-opt. Default: looked for.")] = None,
) -> None:
    """Show which backends can run here, what is missing, and how to install it.

    Exits with 10 if a backend is not available that `stackswitch test` runs by default.
    """
    settings = load_settings(Path.cwd())
    needed = backends_to_run(settings.backends, settings)
    chosen = engine_for(engine, settings, tuple(BACKENDS))
    options = BackendOptions(engine=chosen, wasm_opt=wasm_opt or settings.wasm_opt)
    allowed = allowed_skips(None, settings)
    console = Console()
    machine = f"{platform.system()} {platform.machine()}"
    console.print(f"stackswitch {__version__}, Python {platform.python_version()}, {machine}")
    lacking = []
    with Progress(Console(stderr=True)) as progress:
        for name, spec in BACKENDS.items():
            meant = spec.engine_meant(chosen, named=name in settings.backends)
            opened = options.model_copy(update={"engine": meant})
            error = run_async(_shown(console, name, opened, progress.say))
            if error is None:
                continue
            optional = _why_optional(name, needed, allowed)
            console.print(f"✗ {name}: {spec.summary}{optional}", style="red")
            console.message(str(error), indent=2)
            if not optional:
                lacking.append(name)
    if lacking:
        raise BackendUnavailableError(f"`stackswitch test` needs {' and '.join(lacking)}: see above")


def _why_optional(name: str, needed: Collection[str], allowed: Collection[str]) -> str:
    """Say why a run does without a backend; empty: it does not."""
    if name not in needed:
        return f" (optional: it runs only if it is named, --backend {name})"
    return " (optional: allow_skip permits to skip it)" if name in allowed else ""


async def _shown(
    console: Console, name: str, options: BackendOptions, say: Callable[[str], None]
) -> Exception | None:
    """Open a backend for real, and say what it is: whatever works here works in ``test``.

    :returns: why it cannot be had
    """
    try:
        backend = await open_backend(name, options, say)
    except (StackswitchError, OSError) as error:
        return error
    try:
        info = backend.info
        flags = f" {' '.join(info.flags)}" if info.flags else ""
        console.print(f"✓ {name}: {BACKENDS[name].summary}", style="green")
        told = {"engine": f"{info.engine} {info.engine_version}{flags}", **info.details}
        for key, value in {**told, "features": ", ".join(sorted(info.features))}.items():
            console.message(f"{key:<12} {value}", indent=2)
    finally:
        await backend.aclose()
    return None
