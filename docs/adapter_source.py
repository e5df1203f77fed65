"""The specification of what ``stackswitch reentrant`` adds to modules, for Python and for the npm package."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from stackswitch.analysis.boundaries import NEVER
from stackswitch.lists import glue
from stackswitch.tools.paths import node_shim_dir
from stackswitch.transform import reentrant
from stackswitch.transform.reentrant.adapter import Adapter
from stackswitch.transform.reentrant.assembler import codes, regions
from stackswitch.transform.reentrant.linking import LINKED
from stackswitch.transform.reentrant.model import (
    CALL_FAILED,
    LEAST_REGION_BYTES,
    MOST_REGION_BYTES,
    NEXT_CALL,
    RECLAIM,
    REGION_ALIGNMENT,
    REGION_BYTES,
    TRAPS,
)
from stackswitch.wasm import limits, types
from stackswitch.wasm.dwarf import forms
from stackswitch.wasm.dwarf.move import SECTIONS_NOT_MOVED
from stackswitch.wasm.instructions import SIGNATURES
from stackswitch.wasm.stack_pointer import FUNCTIONS, NAME

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(reentrant.__file__).parent
_LINE = 120
_COOKIES = 0x89BACDFE_02135467 - (1 << 64)
"""The words at the end of a stack: Emscripten's, ``src/runtime_stack_check.js``. As a signed number."""


def adapter_files() -> dict[Path, str]:
    """Return the text of ``adapter.json`` and of the same data as JavaScript."""
    text = _pretty(specification().model_dump(mode="json"))
    script = "// Written by `python docs/generate.py`; see stackswitch/transform/reentrant/adapter.py.\n\n"
    return {
        FOLDER / "adapter.json": f"{text}\n",
        node_shim_dir() / "reentrant" / "adapter.mjs": f"{script}export default {text};\n",
    }


def specification() -> Adapter:
    """Put the specification together."""
    data = tomllib.loads((FOLDER / "adapter.toml").read_text("utf-8"))
    fields = data.pop("fields")
    sizes = data["sizes"] = {
        "region": REGION_BYTES,
        "region_least": LEAST_REGION_BYTES,
        "region_most": MOST_REGION_BYTES,
        "region_multiple": REGION_ALIGNMENT,
        **data["sizes"],
    }
    text = (FOLDER / "regions.wat").read_text("utf-8")
    constants = {
        **fields,
        "COOKIES": _COOKIES,
        "WORDS": fields["words"],
        "HEADER": sizes["header"],
        "CATCHES": sizes["catches"],
    }
    data["names"] |= {
        "traps": TRAPS,
        "host_hooks": (NEXT_CALL, CALL_FAILED),
        "reclaim": RECLAIM,
        "linked": tuple(LINKED),
        "pointer": NAME,
        "getters": [*sorted(get for get, _ in FUNCTIONS), *data["names"]["getters"]],
        "setters": sorted(put for _, put in FUNCTIONS),
    }
    return Adapter(
        **data,
        codes=codes((FOLDER / "wrappers.wat").read_text("utf-8")),
        regions={
            address: regions(text, {**constants, "POINTER": size}, address)
            for address, size in (("i32", 4), ("i64", 8))
        },
        javascript=_for_javascript(),
    )


def _for_javascript() -> dict[str, Any]:
    """Return what Python has in modules of its own."""
    by_letters: dict[str, list[int]] = {}
    for code, letters in sorted(SIGNATURES.items()):
        by_letters.setdefault(letters, []).append(code)
    return {
        "signatures": {letters: _ranges(found) for letters, found in sorted(by_letters.items())},
        "limits": {name: value for name, value in sorted(vars(limits).items()) if name.isupper()},
        "number_types": types.NUMBER_TYPES,
        "packed_types": types.PACKED_TYPES,
        "heap_types": types.HEAP_TYPES,
        "shorthands": types.SHORTHANDS,
        "never": NEVER,
        "glue": glue.EXPRESSIONS,
        "dwarf": _dwarf(),
    }


def _dwarf() -> dict[str, Any]:
    """Return the tables of attributes and forms."""
    names = (
        "LOW_PC", "HIGH_PC", "STMT_LIST", "RANGES", "MACROS", "GNU_MACROS", "ADDR_BASE", "RNGLISTS_BASE",
        "LOCLISTS_BASE", "GNU_ADDR_BASE", "START_SCOPE", "ADDR", "DATA4", "DATA8", "SEC_OFFSET", "LOCLISTX",
        "RNGLISTX", "INDIRECT", "IMPLICIT_CONST",
    )  # fmt: skip
    return {
        "codes": {name: getattr(forms, name) for name in names},
        "locations": sorted(forms.LOCATIONS),
        "moved": sorted(forms.MOVED),
        "not_moved": sorted(forms.NOT_MOVED),
        "addrx": forms.ADDRX,
        "constants": forms.CONSTANTS,
        "sizes": forms.SIZES,
        "offsets": sorted(forms.OFFSETS),
        "leb128": sorted(forms.LEB128),
        "blocks": forms.BLOCKS,
        "sections_not_moved": SECTIONS_NOT_MOVED,
    }


def _ranges(codes_: list[int]) -> list[list[int]]:
    """Return numbers as ranges: the first and the last of each."""
    found: list[list[int]] = []
    for each in codes_:
        if found and found[-1][1] == each - 1:
            found[-1][1] = each
        else:
            found.append([each, each])
    return found


def _pretty(value: Any, indent: str = "") -> str:
    """Return JSON in which what is short, and all code, is on one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= _LINE or not isinstance(value, (dict, list)):
        return line
    if isinstance(value, dict) and ("code" in value or all(isinstance(each, int) for each in value.values())):
        return line
    deeper = indent + "  "
    if isinstance(value, list):
        if not any(isinstance(each, dict) for each in value):
            return line
        items = [_pretty(each, deeper) for each in value]
        return "[\n" + ",\n".join(deeper + each for each in items) + "\n" + indent + "]"
    entries = [
        f"{json.dumps(key, ensure_ascii=False)}: {_pretty(each, deeper)}" for key, each in value.items()
    ]
    return "{\n" + ",\n".join(deeper + each for each in entries) + "\n" + indent + "}"
