"""Backends in this process, on wasmtime.

The modules here are the common base: wasmtime's C API, engines, stores, values, instances, stacks.
Over them are two ways to switch stacks (``asyncify``, ``fiber``) and what uses them: ``cases`` of a suite and
``guests`` of the library. What instruments modules is elsewhere: ``binaryen`` and ``transform``.
"""
