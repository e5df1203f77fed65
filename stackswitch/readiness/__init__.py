"""Whether a module can leave Asyncify for JSPI: rules as data, and the verdict that they give. Pure.

- ``verdict_inputs`` is what is known; ``verdict`` judges it; ``rules`` and ``rules.toml`` say what each
  finding means
- ``judge_cases``, ``judge_module``, ``judge_engines`` and ``judge_traces`` apply the rules; ``steps`` says
  what to do
- ``facts`` reads the module; ``call_tree`` is the tree of paths to a wait; ``merging`` and ``compare`` join
  reports

Not here: running cases (``suite``), probing engines (``engines``), and writing the report (``reports``).
"""
