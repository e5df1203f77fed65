"""Builds made from modules: instrumented ones, re-entrant ones, and ones with exceptions translated.

- ``instrument``: what lists instrument, and the builds that hosts run
- ``reentrant``: JSPI builds in which each call has a C stack of its own

Running Binaryen is in ``binaryen``; which functions a list should name is computed in ``lists``.
"""
