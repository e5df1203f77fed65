"""Cases of a suite on wasmtime, on Asyncify or fibers through one protocol (``..switcher``).

``backend`` prepares and runs cases. ``session`` has the instances of one case, ``call`` the calls of their
exports, ``script`` the steps, ``host`` the host functions as data, ``recorder`` the suspensions, ``outcome``
the words for how a call ended. ``thread`` gives each case a stack. Judging observations is in ``suite``.
"""
