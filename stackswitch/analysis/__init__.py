"""What can be said of a module without running it.

- ``analyse``: a module, its lists and its traces analysed; ``facts``: the model; ``markdown``: its text
- ``traces``: which lines of a trace concern a module, and what they say of it; ``trace_owners``: of which
  module a frame is; ``trace_lines``: the lines of a file
- ``list_check``: entries of lists that do nothing; ``module_obstacles``: obstacles to either backend
- ``assertion_effects``: what assertions change; ``holdout_coverage``: how a list does on cases that it was
  not built from; ``next_tests``: which functions are most worth a case

Not here: what a run shows (``suite``, ``fix``), the formats and policies of lists (``lists``), the reading of
modules and their call graphs (``wasm``), the verdict on moving to JSPI (``readiness``).
"""
