"""The command line: a file per command, and the only package that prints, prompts or exits.

``app`` lists the commands; ``command`` makes one of a frozen dataclass with its options and a function.
``options`` declares fields, and what several commands share; ``resolve`` combines options with ``settings``.
``inputs`` and ``output`` read and write files; ``console`` is the only way to the terminal. ``entry``,
``signals``, ``streams`` and ``crash`` turn errors, signals and closed pipes into messages and exit statuses.

What a command does to modules, lists and suites is not here but in the packages below.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line. If the installation cannot be imported, print one message.

    Signal handlers are installed before any import, because loading the commands takes most of a second.
    """
    import os
    import signal

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        """End at once: nothing needs cleaning up yet."""
        os.write(2, b"stackswitch: interrupted\n" if number == signal.SIGINT else b"")
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, leave)
    try:
        from .entry import run
        from .signals import exit_at_once, install
    except Exception as error:  # noqa: BLE001 (whatever a broken installation raises)
        text = ascii(f"{type(error).__name__}: {error}")[1:-1]
        print(
            f"stackswitch: internal error: {text}\n  stackswitch cannot be imported: install it again",
            file=sys.stderr,
        )
        sys.exit(70)
    install()
    exit_at_once(run())
