"""Asyncify on wasmtime: the state machine of a suspension and the runtime that executes it.

Also the adapter module and the data block beside each instance. It does not know cases or guests of the
library: ``cases`` and ``guests`` use it.
"""
