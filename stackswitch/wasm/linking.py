"""Names of dynamic linking: https://github.com/WebAssembly/tool-conventions/blob/main/DynamicLinking.md."""

DYLINK = "dylink.0"
"""The section of modules that are linked dynamically."""
ADDRESS = "GOT.func"
"""The module of imports that are addresses of functions: the loader puts them into the table."""
