"""Cases of a suite on wasmtime, on Asyncify or fibers through one protocol (``..switcher``).

``backend`` prepares and runs cases. ``session`` has the instances of one case, ``script`` its steps,
``host`` its host functions as data, ``recorder`` its suspensions, ``outcome`` the words for how it ended.
``thread`` gives each case a stack. Judging observations is in ``suite``.
"""
