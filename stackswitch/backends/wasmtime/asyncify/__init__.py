"""Asyncify on wasmtime: the state machine of a suspension, and the runtime that executes it.

- ``state_machine``: the protocol, pure; ``runtime``: one instance of a build; ``fast_path``: the steps of
  a wait in place; ``predicted_unwinds``: which imports unwind before the host is called;
  ``call``: one call of an export
- ``adapter``: the module between host and guest; ``imports``: callbacks without one; ``asyncify_data``:
  where saved stacks lie
- ``failure``: what goes wrong in a switch; ``switcher``: what sessions use of all this

It does not know cases or guests of the library: ``cases`` and ``guests`` use it.
"""
