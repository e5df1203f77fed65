"""Runs one of our scripts (``node_shim/bin``) on Node, by default that of the wheel, and reads its answer."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from stackswitch.errors import ToolError

from . import watchdog
from .failures import without_dump
from .parsing import json_value
from .paths import node_shim_dir, wheel_node


def run_script(
    name: str,
    *args: str,
    stdin: bytes = b"",
    folder: Path | None = None,
    node: Path | None = None,
    flags: tuple[str, ...] = (),
    timeout_s: float,
    problem: str,
) -> Any:
    """Run a script and return the JSON that it prints. Blocks.

    :param folder: its working directory
    :param node: another Node than that of the wheel
    :param flags: options of Node
    :param problem: what is wrong if it prints none, for the error
    :raises ToolError: it does not print JSON, or takes longer than ``timeout_s`` (seconds)
    """
    argv = [str(node or wheel_node()), *flags, str(node_shim_dir() / "bin" / name), *args]
    try:
        done = watchdog.run(argv, stdin=stdin, cwd=folder, timeout_s=timeout_s)
        return json_value(done.stdout)
    except subprocess.TimeoutExpired:
        raise ToolError(f"{problem} within {timeout_s:g} s", argv=argv[:3], status=None) from None
    except ValueError:
        stderr = without_dump(done.stderr.decode("utf-8", "replace"))
        raise ToolError(problem, argv=argv[:3], status=done.returncode, stderr=stderr) from None
