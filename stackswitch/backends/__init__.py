"""The ways of switching stacks, a package for each host: ``wasmtime`` and ``node``.

``base`` has the protocols for cases and commands, ``guest_protocol`` the one for guests of the library.
``registry`` lists the backends and opens them. What judges results is not here (``suite``), nor what observes
other programs (``observe``).
"""
