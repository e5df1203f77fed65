"""The library: ``open``, ``Guest``, ``Caller``, ``Pool`` and their parts; ``stackswitch`` exports the names.

``opening`` reads a module, matches its imports and chooses a backend. ``guest`` calls exports of an instance.
How a backend runs an instance is not here: see ``backends.guest_protocol``, and ``guests`` of each host.
"""
