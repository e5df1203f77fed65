"""Calls on native stacks (fibers) by wasmtime's asynchronous C API: any module as it is, without rewriting.

It does not know cases or guests of the library: ``cases`` and ``guests`` use it.
"""
