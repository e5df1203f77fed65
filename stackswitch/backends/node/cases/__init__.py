"""Cases of a suite in a JavaScript engine.

``plan`` writes a case as the child takes it, ``observation`` reads what it answers, ``children`` runs one
case at a time in each child. ``jspi`` and ``asyncify`` are the backends. The interpreter of cases is
``node_shim/case/``.
"""
