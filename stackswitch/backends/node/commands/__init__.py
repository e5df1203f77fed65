"""Commands under observation in a JavaScript engine.

The user's own program and glue runs, as shipped or with an instrumented build.
"""
