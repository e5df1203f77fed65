"""The command line: one file per command. The only room that prints, asks or exits."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; an installation that cannot be imported is one message, too."""
    try:
        from .entry import main as run
    except Exception as error:  # noqa: BLE001 (whatever a broken installation raises)
        text = ascii(f"{type(error).__name__}: {error}")[1:-1]
        print(
            f"stackswitch: internal error: {text}\n  stackswitch cannot be imported: install it again",
            file=sys.stderr,
        )
        sys.exit(70)
    run()


__all__ = ["main"]
