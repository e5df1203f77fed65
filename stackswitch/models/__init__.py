"""Frozen models: one per fact. No room below knows of any other than ``errors``."""
