"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


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
