"""Writing a file whole or not at all, and models in the cache."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)


def replace_file(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write a file beside its place and rename it into place, so that no reader finds a half of it.

    :param mode: the permissions of the new file
    :raises OSError: the folder is missing or cannot be written; the file is as it was before
    """
    number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.absolute().parent)
    part = Path(name)
    try:
        with open(number, "wb") as file:  # noqa: PTH123 (an open descriptor, not a path)
            file.write(data)
            os.fchmod(file.fileno(), mode)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def read_cached(path: Path, model: type[Model]) -> Model | None:
    """Read what ``write_cached`` wrote; None: there is nothing, or nothing that can be read."""
    try:
        return model.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None


def write_cached(path: Path, value: BaseModel) -> None:
    """Write to the cache. A cache that cannot be written costs time only."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, value.model_dump_json().encode())
