"""Builds made from modules: instrumented ones, and ones with exceptions translated.

It computes what a request will instrument and makes the builds that hosts run. ``binaryen`` runs the tool;
``lists`` computes which functions a list should name.
"""
