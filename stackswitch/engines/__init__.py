"""Engines: which exist, where they are, and what they support.

``spec`` parses how an engine is named, ``runtimes`` is data. For running cases: ``locate`` and ``probe``,
which finds the flags. For ``detect``: ``targets``, ``probes``, ``probe_runner``, ``probe_output``;
``in_wasmtime`` is a program. ``matrix`` plans CI jobs, ``support`` looks up browsers and Node's schedule,
``measure`` compares two builds on Node.

Running cases on an engine is not here but in ``backends/``.
"""
