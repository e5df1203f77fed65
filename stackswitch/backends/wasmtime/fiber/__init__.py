"""Calls on native stacks (fibers) by wasmtime's asynchronous C API: any module as it is, without rewriting.

- ``capi``: the C functions; ``native``: the callback of imports in machine code, where there is one
- ``runtime``: calls and their suspensions; ``call``: one of them; ``buffers``, ``values``: its arrays of
  values; ``stacks``: samples of a stack; ``epoch_trap``: what ends a guest that computes
- ``engine``, ``build``: the engine, and modules prepared for it; ``switcher``: what links imports, and what
  sessions use of all this

It does not know cases or guests of the library: ``cases`` and ``guests`` use it.
"""
