"""Running Binaryen: finding ``wasm-opt``, checking that it works, its Asyncify pass, and a cache of builds.

- the tool: ``locate`` finds one, ``selfcheck`` tries it, ``tool`` runs it in a process, ``node_tool`` in a
  child that stays loaded
- the pass: ``asyncify`` (request and result), ``listfile`` (lists as the pass reads them), ``features``
  (flags), ``findings`` (what it warns of), ``cache``
- the memory for saved stacks: ``stack_memory``

Not here: which builds hosts need (``transform``), which functions a list should name (``lists``).
"""
