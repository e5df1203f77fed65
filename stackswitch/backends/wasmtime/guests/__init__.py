"""Guests of the library on wasmtime, on Asyncify or fibers through one protocol (``..switcher``).

``module`` is what ``open`` gets, ``build`` and ``code`` prepare it. ``instance`` runs calls, with
``values`` and ``failure``. ``engines`` keeps wasmtime's engines. What all hosts share is in ``guest``.
"""
