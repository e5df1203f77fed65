"""Outputs of a step of GitHub Actions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from stackswitch.errors import ConfigError, OutputError


def github_file() -> Path:
    """Return the file that ``$GITHUB_OUTPUT`` names.

    :raises ConfigError: it is not set
    """
    name = os.environ.get("GITHUB_OUTPUT", "")
    if not name:
        raise ConfigError("--github-output: $GITHUB_OUTPUT is not set; it is within a job of GitHub Actions")
    return Path(name)


def append_outputs(path: Path, outputs: Mapping[str, str]) -> None:
    """Append outputs, a line each, to the file.

    :param outputs: by name; a value is one line
    :raises OutputError: the file cannot be written
    """
    text = "".join(f"{name}={value}\n" for name, value in outputs.items())
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise OutputError(f"{path}: could not be written: {error.strerror}") from None
