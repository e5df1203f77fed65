"""The limits that engines agreed on, and our own, by their numbers."""

from __future__ import annotations

from stackswitch.wasm import limits

# https://webassembly.github.io/spec/js-api/#limits
AGREED = {
    "MODULE_BYTES": 1_073_741_824,
    "TYPES": 1_000_000,
    "TYPES_IN_A_GROUP": 1_000_000,
    "FUNCTIONS": 1_000_000,
    "IMPORTS": 1_000_000,
    "EXPORTS": 1_000_000,
    "GLOBALS": 1_000_000,
    "TAGS": 1_000_000,
    "TABLES": 100_000,
    "MEMORIES": 100,
    "DATA_SEGMENTS": 100_000,
    "ELEMENT_SEGMENTS": 10_000_000,
    "SEGMENT_ENTRIES": 10_000_000,
    "BODY_BYTES": 7_654_321,
    "PARAMETERS": 1_000,
    "RESULTS": 1_000,
    "LOCALS": 50_000,
    "STRUCT_FIELDS": 10_000,
    "BRANCH_TABLE": 65_520,
}
OWN = {"SUPERTYPES": 1, "NAME_BYTES": 100_000, "CUSTOM_SECTIONS": 100_000, "CATCH_CLAUSES": 1_000_000}


def test_the_limits() -> None:
    assert {name: value for name, value in vars(limits).items() if name.isupper()} == AGREED | OWN
