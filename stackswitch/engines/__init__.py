"""Engines: which exist, where they are, and what they support.

``spec`` parses how an engine is named. For running cases: ``catalogue`` (data), ``locate`` and ``probe``,
which finds the flags. For ``detect``: ``runtimes`` (data), ``targets``, ``probes``, ``probe_runner``,
``probe_output``, ``report_cache``; ``in_wasmtime`` is a program. ``matrix`` plans CI jobs, ``support``
looks up browsers and Node's schedule, ``measure`` compares two builds on Node.

Running cases on an engine is not here but in ``backends/``.
"""
