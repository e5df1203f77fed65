"""Files given on the command line: read, or refused with one message."""

from __future__ import annotations

from pathlib import Path

from stackswitch.errors import ConfigError, WasmFormatError
from stackswitch.wasm.module import Module, parse_module


def read_input(path: Path, what: str) -> bytes:
    """Read a file.

    :param what: what it should hold, for the message
    :raises ConfigError: it is not there or cannot be read
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: this {what} cannot be read: {error.strerror}") from None


def read_module(path: Path) -> Module:
    """Read a module.

    :raises ConfigError: it is not there or cannot be read
    :raises WasmFormatError: it is none; the file is named
    """
    data = read_input(path, "module")
    try:
        return parse_module(data)
    except WasmFormatError as error:
        message = str(error).removesuffix(f" (at offset {error.offset:#x})")
        raise WasmFormatError(f"{path}: {message}", error.offset) from None
