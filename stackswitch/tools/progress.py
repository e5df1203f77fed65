"""The callback by which library functions report long work; the command line turns it into a bar."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]
"""Receives one line of text for a person, such as ``fetching node@24 from npm``."""


def silent(line: str) -> None:
    """Receive progress and show nothing."""
