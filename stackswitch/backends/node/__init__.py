"""Backends in a JavaScript engine, in child processes: ``cases``, ``guests``, ``commands``.

Starting children and the format of frames are in ``transport``; the JavaScript half is ``node_shim/``.
Observing programs is in ``observe``.
"""
