"""Formats figures and texts for people."""

from __future__ import annotations

from collections.abc import Sequence


def shortened(text: str, most: int) -> str:
    """Shorten a text in its middle, so that both ends stay."""
    if len(text) <= most:
        return text
    head = (most - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def counted(number: int, what: str) -> str:
    """``1 case``, ``2 cases``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def some(names: Sequence[str], most: int, between: str = ", ") -> str:
    """The first names, and how many more there are."""
    shown = between.join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def size(size_bytes: float) -> str:
    """Return a size in decimal units."""
    if size_bytes >= 1e6:
        return f"{size_bytes / 1e6:.2f} MB"
    return f"{size_bytes / 1e3:.1f} kB" if size_bytes >= 1e3 else f"{size_bytes:.0f} bytes"


def amount(value: float, unit: str) -> str:
    """Return a measured value with its unit, to three digits."""
    if unit == "bytes":
        return size(value)
    name = {"ms": "ms", "us": "µs"}[unit]
    if value >= 100:
        return f"{value:,.0f} {name}"
    return f"{value:.1f} {name}" if value >= 10 else f"{value:.2f} {name}"
