"""Reads files given on the command line, or rejects them with one message."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from stackswitch.analysis.trace_lines import TraceFile, read_trace_file
from stackswitch.errors import ConfigError, WasmFormatError
from stackswitch.models.result import RESULT_SCHEMA_VERSION, SuiteResult
from stackswitch.tools.parsing import json_value
from stackswitch.wasm.module import Module, parse_module

Model = TypeVar("Model", bound=BaseModel)


def read_input(path: Path, what: str) -> bytes:
    """Read a file.

    :param what: what it should hold, for the message
    :raises ConfigError: it cannot be read
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: this {what} cannot be read: {error.strerror}") from None


def read_module(path: Path) -> Module:
    """Read a module.

    :raises ConfigError: it cannot be read
    :raises WasmFormatError: it is no module; the message names the file
    """
    return named_as(path, read_input(path, "module"))


def named_as(path: Path, data: bytes) -> Module:
    """Parse a module that came from a file.

    :raises WasmFormatError: it is no module; the message names the file
    """
    try:
        return parse_module(data)
    except WasmFormatError as error:
        message = str(error).removesuffix(f" (at offset {error.offset:#x})")
        raise WasmFormatError(f"{path}: {message}", error.offset) from None


def read_results(path: Path) -> SuiteResult:
    """Read what ``stackswitch test --json`` has written.

    :raises ConfigError: it cannot be read, is something else, or has an unknown schema version
    """
    data = read_input(path, "file of results")
    try:
        found = json_value(data)
    except ValueError as error:
        half = "; it ends too early" if data[:1] == b"{" and not data.rstrip().endswith(b"}") else ""
        raise ConfigError(
            f"{path}: not what `stackswitch test --json` writes: no JSON: {error}{half}"
        ) from None
    version = found.get("schema_version") if isinstance(found, dict) else None
    if version is not None and version != RESULT_SCHEMA_VERSION:
        older = isinstance(version, int) and version < RESULT_SCHEMA_VERSION
        newer = "read them with the stackswitch that wrote them, or a newer one"
        raise ConfigError(
            f"{path}: results of schema version {version}; this stackswitch reads {RESULT_SCHEMA_VERSION}: "
            + ("run `stackswitch test --json` again" if older else newer)
        )
    return _validated(path, data, SuiteResult, "stackswitch test --json")


def read_model(path: Path, model: type[Model], command: str) -> Model:
    """Read what a command has written.

    :raises ConfigError: the file cannot be read, or is something else
    """
    return _validated(path, read_input(path, "file"), model, command)


def _validated(path: Path, data: bytes, model: type[Model], command: str) -> Model:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "".join(f"{part}: " for part in first["loc"])
        raise ConfigError(f"{path}: not what `{command}` writes: {where}{first['msg']}") from None


def read_traces(paths: Iterable[Path], name: Callable[[Path], str] = str) -> list[tuple[str, TraceFile]]:
    """Read traces; a folder stands for all ``*.jsonl`` in it.

    :param name: returns what messages call a file
    :returns: each with its place in the folder, without the suffix: the case, if ``test --traces`` wrote it
    :raises ConfigError: a folder has none, or a file is no trace
    """
    found = []
    for path in paths:
        files = sorted(path.rglob("*.jsonl")) if path.is_dir() else [path]
        if not files:
            raise ConfigError(f"{path}: there is no trace (*.jsonl) in this folder")
        folder = path if path.is_dir() else path.parent
        for file in files:
            trace = read_trace_file(read_input(file, "trace"), name(file))
            found.append((file.relative_to(folder).as_posix().removesuffix(".jsonl"), trace))
    return found
