"""Evidence for lists from generated programs: a generator's programs are run under observation.

- ``programs``: what the user's generator writes; ``runner``: the user's process that runs programs
- ``drive``: an exploration in a folder, which a later run continues; its trace has the stacks that show
  something new

Not here: the observation of a process (``observe``), and lists computed from the trace (``fix``).
"""
