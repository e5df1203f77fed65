"""Guests of the library on wasmtime, on Asyncify or fibers: modules that ``open`` prepared, instances."""
