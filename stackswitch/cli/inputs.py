"""Files given on the command line: read, or refused with one message."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from stackswitch.errors import ConfigError, WasmFormatError
from stackswitch.models.result import RESULT_SCHEMA_VERSION, SuiteResult
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


def read_results(path: Path) -> SuiteResult:
    """Read what ``stackswitch test --json`` has written.

    :raises ConfigError: it is not there, cannot be read, or is something else; of a version we do not know
    """
    data = read_input(path, "file of results")
    try:
        results = SuiteResult.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "".join(f"{part}: " for part in first["loc"])
        raise ConfigError(
            f"{path}: not what `stackswitch test --json` writes: {where}{first['msg']}"
        ) from None
    if results.schema_version != RESULT_SCHEMA_VERSION:
        raise ConfigError(
            f"{path}: results of schema version {results.schema_version};"
            f" this stackswitch reads {RESULT_SCHEMA_VERSION}"
        )
    return results
