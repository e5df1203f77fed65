"""The command line: one file per command. The only room that prints, asks or exits."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line; an installation that cannot be imported is one message, too.

    Signals are taken before anything is imported: to load the commands takes most of a second.
    """
    import os
    import signal

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        """End at once: so far there is nothing to clean up."""
        os.write(2, b"stackswitch: interrupted\n" if number == signal.SIGINT else b"")
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, leave)
    try:
        from .ending import exit_at_once, install
        from .entry import run
    except Exception as error:  # noqa: BLE001 (whatever a broken installation raises)
        text = ascii(f"{type(error).__name__}: {error}")[1:-1]
        print(
            f"stackswitch: internal error: {text}\n  stackswitch cannot be imported: install it again",
            file=sys.stderr,
        )
        sys.exit(70)
    install()
    exit_at_once(run())
