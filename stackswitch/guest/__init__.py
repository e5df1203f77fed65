"""The library: ``open``, ``Guest``, ``Caller``, ``Pool`` and their parts; ``stackswitch`` exports the names.

``opening`` reads a module, matches its imports (``imports``) and chooses a backend; ``options`` are its
options, ``awaitable`` its result. ``guest`` has ``Guest`` and ``Caller``, which call each other;
``exports``, ``memory``, ``deadline`` and ``ownership`` are what they use. ``pool`` has instances for a
server. How a backend runs an instance is not here: see ``backends.guest_protocol``, and ``guests`` of
each host.
"""
