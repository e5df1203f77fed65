"""Guests of the library in Node: their processes and threads, the frames sent to them, their calls."""
