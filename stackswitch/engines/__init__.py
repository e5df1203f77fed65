"""Engines: which there are, where they are, and what they turn out to do."""
