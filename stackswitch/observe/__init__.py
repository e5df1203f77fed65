"""Recording a program on Node: ``run`` starts it with the observer preloaded and collects what is left.

``parts`` reads the observer's files, ``modules`` finds functions and their names, ``trace`` puts lines
together, ``explain`` says what an error means, ``engine`` finds the Node to run on. It is not a backend:
it changes nothing in how the program switches stacks. The observer itself is ``node_shim/observe/``.
"""
