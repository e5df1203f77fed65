"""The files for debuggers beside a module: found by what its sections name, and written beside its build."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.module import Module
from stackswitch.wasm.reader import Reader

from .inputs import read_input
from .output import STDOUT

_SUFFIXES = {"sourceMappingURL": ".map", "external_debug_info": ".debug.wasm"}


@dataclass(frozen=True)
class DebugFile:
    """A file that a section names.

    :ivar data: its content
    :ivar url: what the build's section is to name
    :ivar output: where the build's file is to be
    """

    data: bytes
    url: str
    output: str


def debug_file(section: str, module: Module, path: Path, output: str) -> DebugFile | None:
    """Return the file that a section of a module names, or None if it is not beside the module.

    :param section: ``sourceMappingURL`` or ``external_debug_info``
    :param path: the module's
    :param output: the build's
    :raises ConfigError: it cannot be read
    """
    url = _url(section, module)
    if url is None or output == STDOUT:
        return None
    folder, _, name = url.rpartition("/")
    file = path.parent / Path(unquote(urlsplit(name).path)).name  # never in another folder
    if not file.is_file():
        return None
    written = Path(output).name + _SUFFIXES[section]
    return DebugFile(
        data=read_input(file, "file for debuggers"),
        url=f"{folder}/{written}" if folder else written,
        output=str(Path(output).with_name(written)),
    )


def _url(section: str, module: Module) -> str | None:
    if section not in module.custom_sections:
        return None
    start, size = module.custom_sections[section]
    try:
        return Reader(module.data, start, start + size).name()
    except WasmFormatError:
        return None
