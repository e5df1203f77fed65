"""Guests of the library in Node, each in a thread of its own.

- processes: ``processes`` places guests; ``own_process``, ``shared_process``, ``child`` are what they
  live in; ``stream``, ``link``: the two streams to a thread; ``messages``: the frames of calls
- guests: ``module`` (what ``open`` gets), ``prepared``, ``instance``, ``state``, ``memory``, ``values``,
  ``call``, ``waiter``; ``stop``: where a guest computed when its time was up

The other side is ``node_shim/guest/``. What all hosts share is in ``guest``.
"""
