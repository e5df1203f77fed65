"""The command line: one file per command. The only room that prints, asks or exits."""

from __future__ import annotations

from .app import main

__all__ = ["main"]
