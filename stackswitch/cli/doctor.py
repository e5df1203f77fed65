"""``stackswitch doctor``: what is installed, what is missing, and the command that installs it."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stackswitch import __version__
from stackswitch.backends.registry import BACKENDS, BackendOptions, open_backend
from stackswitch.errors import BackendUnavailableError, StackswitchError

from .console import Console
from .options import JspiEngine, WasmOpt
from .progress import Progress
from .resolve import allowed_skips, backend_options, backends_to_run, engine_for
from .settings import load_settings
from .signals import run_async


@dataclass(frozen=True)
class DoctorOptions:
    """Show which backends can run here, what is missing, and how to install it.

    Exits with 10 if a backend is not available that `stackswitch test` runs by default.
    """

    engine: JspiEngine = None
    wasm_opt: WasmOpt = None


def doctor(options: DoctorOptions) -> None:
    """Open each backend and show what it is.

    :raises BackendUnavailableError: a backend that ``test`` needs is not available
    """
    settings = load_settings(Path.cwd())
    needed = backends_to_run(settings.backends, settings)
    chosen = engine_for(options.engine, settings, tuple(BACKENDS))
    allowed = allowed_skips(None, settings)
    console = Console()
    machine = f"{platform.system()} {platform.machine()}"
    console.print(f"stackswitch {__version__}, Python {platform.python_version()}, {machine}")
    missing = []
    with Progress(Console(stderr=True)) as progress:
        for name, spec in BACKENDS.items():
            meant = spec.engine_meant(chosen, named=name in settings.backends)
            opening = backend_options(settings, engine=meant, wasm_opt=options.wasm_opt)
            error = run_async(_show_backend(console, name, opening, progress.say))
            if error is None:
                continue
            optional = " (optional: allow_skip permits to skip it)" if name in allowed else ""
            if name not in needed:
                optional = f" (optional: it runs only if it is named, --backend {name})"
            console.print(f"✗ {name}: {spec.summary}{optional}", style="red")
            console.message(str(error), indent=2)
            if not optional:
                missing.append(name)
    if missing:
        raise BackendUnavailableError(f"`stackswitch test` needs {' and '.join(missing)}: see above")


async def _show_backend(
    console: Console, name: str, options: BackendOptions, say: Callable[[str], None]
) -> Exception | None:
    """Open a backend as ``test`` does, and show what it is.

    :returns: why it is not available
    """
    try:
        backend = await open_backend(name, options, say)
    except (StackswitchError, OSError) as error:
        return error
    try:
        info = backend.info
        flags = f" {' '.join(info.flags)}" if info.flags else ""
        console.print(f"✓ {name}: {BACKENDS[name].summary}", style="green")
        facts = {"engine": f"{info.engine} {info.engine_version}{flags}", **info.details}
        for key, value in {**facts, "features": ", ".join(sorted(info.features))}.items():
            console.message(f"{key:<12} {value}", indent=2)
    finally:
        await backend.aclose()
    return None
