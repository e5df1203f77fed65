"""Stack switching for WebAssembly: test, trace and fix, on Asyncify and on JSPI."""

__version__ = "0.1.0"

__all__ = ["__version__"]
