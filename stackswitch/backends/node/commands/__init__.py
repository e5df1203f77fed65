"""Commands under observation in a JavaScript engine: the user's own program and glue.

``runner`` runs them as shipped, ``instrumented`` with builds of ours, which ``builds`` makes as a program
asks for them. ``workers`` runs several in one Node; ``startup_flags`` makes short runs fast. The observer
is in ``observe``.
"""
