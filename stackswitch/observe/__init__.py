"""Recording a program on Node: ``run`` starts it with the observer preloaded and collects what is left.

``parts`` reads the observer's files, ``modules`` finds functions and their names, ``missing`` compares
stacks with what is instrumented, ``trace`` puts lines together. ``explain`` says what an error means;
``findings`` and ``call_findings`` say what is wrong, by the rules in ``rules.toml``. It is not a backend:
it changes nothing in how the program switches stacks. The observer itself is ``node_shim/observe/``.
"""
