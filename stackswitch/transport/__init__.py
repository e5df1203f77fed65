"""Child processes of a JavaScript engine, and what is said to them (``docs/wire-protocol.md``).

In the package: ``process`` (the launcher and its sockets), ``stream`` (what a conversation needs of it),
``frames`` (the format), ``connection`` (requests and their answers), ``pool`` (children that are used again).
What the messages mean is in the packages that send them: ``backends.node`` (cases, commands, guests) and
``binaryen.node_tool``.
"""
