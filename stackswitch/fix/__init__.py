"""Repair of lists: stacks are observed, names added to the files with the lists, and the lists verified.

- ``loop``: the only loop: gather stacks, update the lists, verify, again while a run shows more names
- ``evidence``: the request to the loop, and the protocol of what gives it stacks and verifies lists
- ``suite_evidence``, ``command_evidence``: suites, which can run again; ``trace_evidence``: recorded traces
- ``list_state``: the lists of one file and what was observed for them (``list_evidence``)
- ``sources``: files with lists, read and edited in memory
- ``report``: the model of ``fix --json``; ``messages``: its sentences

Not here: writing the files and running the user's build command (``cli``), the formats of lists and the
policies (``lists``), the matching of traces with modules (``analysis``).
"""
