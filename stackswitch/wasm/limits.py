"""How much of anything a module may hold, so that hostile bytes cost neither time nor memory.

The limits are those that engines agreed on, the WebAssembly JavaScript Interface's "Limits"
(https://webassembly.github.io/spec/js-api/#limits), save where a comment says otherwise.
"""

from __future__ import annotations

MODULE_BYTES = 1_073_741_824
TYPES = 1_000_000
TYPES_IN_A_GROUP = 1_000_000
FUNCTIONS = 1_000_000
IMPORTS = 1_000_000
EXPORTS = 1_000_000
GLOBALS = 1_000_000
TAGS = 1_000_000
TABLES = 100_000
MEMORIES = 100
DATA_SEGMENTS = 100_000
ELEMENT_SEGMENTS = 10_000_000
SEGMENT_ENTRIES = 10_000_000
BODY_BYTES = 7_654_321
PARAMETERS = 1_000
RESULTS = 1_000
LOCALS = 50_000
STRUCT_FIELDS = 10_000
BRANCH_TABLE = 65_520

# Not in that list. A subtype names at most one supertype in the GC proposal's text; engines refuse more.
SUPERTYPES = 1
# Engines read names in custom sections of any length; the specification's own bound is the section's size.
NAME_BYTES = 100_000
"""Longest import, export, custom section or function name (V8: ``kV8MaxWasmFunctionNameLength`` is larger,
V8 and SpiderMonkey limit import and export names to 100,000 bytes)."""
CUSTOM_SECTIONS = 100_000
"""Ours: no producer comes near, and each costs memory."""
CATCH_CLAUSES = 1_000_000
"""Ours, for ``try_table`` and stack-switching handlers; the size of the body limits them in practice."""
