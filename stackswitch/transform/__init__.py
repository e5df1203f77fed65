"""Builds made from modules: instrumented ones and re-entrant ones.

- ``instrument``: what lists instrument, and the builds that hosts run
- ``reentrant``: JSPI builds in which each call has a C stack of its own

Running Binaryen is in ``binaryen``; which functions a list should name is computed in ``lists``.
"""
