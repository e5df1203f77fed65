"""What stack switching costs, compared with what a user would do instead (``stackswitch bench``).

``benchmark`` runs the parts: ``suspensions``, ``calls``, ``memory``. ``rounds`` lets hosts alternate, so that
a machine's noise affects all of them. ``tables`` and ``plot`` show a result. How long the cases of a suite
take is in ``suite_times``. Benchmarks of one algorithm are not here: see ``benchmarks/``.
"""
