"""Guests of the library in Node, each in a thread of its own.

- processes: ``processes`` places guests in an ``own_process`` or a ``shared_process``; ``child`` is the
  connection to a guest's thread; ``messages``: the frames of calls
- guests: ``module`` (what ``open`` returns), ``prepared``, ``instance``, ``state``, ``memory``, ``values``,
  ``call``, ``waiter``; ``stop``: where a guest computed when its time was up

The other side is ``node_shim/guest/``. What all hosts share is in ``guest``.
"""
