"""Recording a program on Node: start it with the observer preloaded, collect what it wrote, make a trace.

It is not a backend: it changes nothing in how the program switches stacks.
"""
