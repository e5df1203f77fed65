"""Child processes of a JavaScript engine, and the protocol to them (``docs/wire-protocol.md``).

In the package: ``process`` (the launcher and its sockets), ``frames`` (the format), ``connection`` (requests
and their answers), ``pool`` (children that are used again). The messages are defined in the packages that
send them: ``backends.node`` (cases, commands, guests) and ``binaryen.node_tool``.
"""
