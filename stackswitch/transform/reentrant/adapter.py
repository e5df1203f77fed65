"""The specification of what the transform adds to modules, as data: ``adapter.json``.

``python docs/generate.py`` writes the file from ``adapter.toml``, ``regions.wat`` and ``wrappers.wat``. The
npm package reads the same data (``node_shim/reentrant``), so that both make the same module, byte for byte.

A template is code in which something is left open: a list of items.

- a text: bytes, as hexadecimal digits
- ``["index", NAME]``: an index, unsigned; a name with ``$`` is a function, a global or a local
- ``["constant", NAME]``: a number that depends on the request or the module, signed
- ``["part", NAME]``: code or a type that depends on a function
- ``["when", NAME, TEMPLATE]``: for modules that have NAME only
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from stackswitch.errors import ConfigError, ModuleRefusedError
from stackswitch.models.base import Frozen
from stackswitch.wasm.encoding import signed, unsigned

TemplateItem = str | list[Any]
Template = list[TemplateItem]


class AdapterFunction(Frozen):
    """A function that is added: its name, its type, the types of its other locals, its code without ``end``.

    :ivar when: what the module must have
    """

    name: str
    when: tuple[str, ...]
    params: tuple[str, ...]
    results: tuple[str, ...]
    locals: tuple[str, ...]
    code: Template


class Regions(Frozen):
    """What ``regions.wat`` declares, for one type of addresses.

    :ivar globals: name, type, and what the module must have
    """

    globals: tuple[tuple[str, str, tuple[str, ...]], ...]
    functions: tuple[AdapterFunction, ...]


class Invokes(Frozen):
    """What is known of Emscripten's ``invoke_*``."""

    prefix: str
    set_threw: tuple[str, ...]
    temp_ret_import: str
    temp_ret: tuple[str, ...]
    table: str
    types: dict[str, str]
    zeros: dict[str, str]
    throwing: dict[str, str]
    catching: dict[str, str]


class Sections(Frozen):
    """Custom sections that are dropped or changed, by name."""

    file_offsets: tuple[str, ...]
    code_offsets: tuple[str, ...]
    before_code: str
    debug: str
    feature: str


class Adapter(Frozen):
    """All of it. What only the npm package reads is in ``javascript``."""

    sizes: dict[str, int]
    names: dict[str, str | tuple[str, ...]]
    functions: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]
    invokes: Invokes
    sections: Sections
    titles: dict[str, str]
    refusals: dict[str, str]
    mistakes: dict[str, str]
    notes: dict[str, str]
    evidence: dict[str, str]
    codes: dict[str, Template]
    regions: dict[str, Regions]
    javascript: dict[str, Any]


@lru_cache(maxsize=1)
def adapter() -> Adapter:
    """Return the specification."""
    return Adapter.model_validate_json(Path(__file__).with_name("adapter.json").read_text("utf-8"))


def names(key: str) -> tuple[str, ...]:
    """Return a list of names."""
    found = adapter().names[key]
    return (found,) if isinstance(found, str) else found


def refusal(key: str, **values: object) -> ModuleRefusedError:
    """Make the error of a module that is refused.

    :param key: of ``refusals`` in ``adapter.toml``
    :param values: what its message has in braces
    """
    return ModuleRefusedError(key.partition(":")[0], adapter().refusals[key].format(**values))


def mistake(key: str, **values: object) -> ConfigError:
    """Make the error of a request that is wrong; see ``refusal``."""
    return ConfigError(adapter().mistakes[key].format(**values))


def note(key: str, **values: object) -> str:
    """Return a note; see ``refusal``."""
    return adapter().notes[key].format(**values)


def shown(key: str, **values: object) -> str:
    """Return what shows the C stack pointer, in words; see ``refusal``."""
    return adapter().evidence[key].format(**values)


@dataclass(frozen=True)
class Links:
    """What the names in templates stand for; see the module's docstring."""

    indexes: Mapping[str, int]
    parts: Mapping[str, bytes] = field(default_factory=dict)
    constants: Mapping[str, int] = field(default_factory=dict)
    has: Collection[str] = ()


def linked(template: Template, links: Links) -> bytes:
    """Return the code of a template.

    :raises KeyError: a name is not known
    """
    out = bytearray()
    for item in template:
        if isinstance(item, str):
            out += bytes.fromhex(item)
            continue
        kind, name, *rest = item
        if kind == "index":
            out += unsigned(links.indexes[name])
        elif kind == "constant":
            out += signed(links.constants[name])
        elif kind == "part":
            out += links.parts[name]
        elif name in links.has:
            out += linked(rest[0], links)
    return bytes(out)
