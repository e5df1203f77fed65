"""What can be said of a module without running it.

- ``analyse``: a module, its lists and its traces analysed; ``facts``: the model; ``markdown``: its text
- ``traces``: which lines of a trace concern a module, and what they say of it; ``trace_owners``: of which
  module a frame is; ``trace_lines``: the lines of a file
- ``list_check``: entries of lists that do nothing; ``risks``: obstacles to either backend; ``trust``: how
  far lists can be trusted

Not here: what a run shows (``suite``, ``fix``), the formats and policies of lists (``lists``), the reading of
modules and their call graphs (``wasm``), the verdict on moving to JSPI (``readiness``).
"""
