"""Backends in a JavaScript engine, in child processes: ``cases``, ``guests``, ``commands``.

``c_stacks`` gives calls that overlap on JSPI a C stack each. Starting children and the format
of frames are in ``transport``; the JavaScript half is ``node_shim/``.
Observing programs is in ``observe``.
"""
