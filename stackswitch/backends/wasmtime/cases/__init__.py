"""Cases of a suite on wasmtime, on Asyncify or fibers.

The script interpreter, host functions as data, the recorder of suspensions.
"""
