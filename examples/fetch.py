"""Fetch the packages of an example from npm, pinned and verified, and link ``node_modules`` beside its files.

    python examples/fetch.py wa-sqlite

They go into stackswitch's cache. What is there already is not fetched again.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stackswitch.errors import StackswitchError
from stackswitch.tools.downloads import npm_packages

HERE = Path(__file__).resolve().parent


def fetch(name: str) -> None:
    """Fetch what the example's ``package-lock.json`` pins.

    :raises StackswitchError: it pins nothing, or npm fails
    :raises OSError: something that is not a link is in the way
    """
    link = HERE / name / "node_modules"
    target = npm_packages(HERE / name, progress=print) / "node_modules"
    if link.is_symlink() and link.readlink() == target:
        return
    new = link.with_name(f".node_modules-{os.getpid()}")
    new.symlink_to(target)
    new.replace(link)


def main() -> int:
    """Fetch, or say why not."""
    if len(sys.argv) != 2:
        print("usage: python examples/fetch.py NAME", file=sys.stderr)
        return 2
    try:
        fetch(sys.argv[1])
    except (StackswitchError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
