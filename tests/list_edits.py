"""Edits of lists for tests that need the bytes alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stackswitch.lists import files


def edit_list(data: bytes, names: Iterable[str], variable: str = "ASYNCIFY_ONLY", **options: Any) -> bytes:
    """Return the edited file; a name that it cannot hold is an error."""
    return files.edit_list(data, names, variable, **options).data


def edit_list_with_wildcards(
    data: bytes, names: Iterable[str], variable: str = "ASYNCIFY_ONLY", **options: Any
) -> files.Edited:
    """Edit a list; a wildcard may stand for a name that the file cannot hold."""
    return files.edit_list(data, names, variable, wildcards=True, **options)
