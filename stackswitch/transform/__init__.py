"""Builds made from modules: instrumented ones, and ones with exceptions translated.

``instrument`` computes what lists instrument, and makes the builds that hosts run. Running the tool is in
``binaryen``; which functions a list should name is computed in ``lists``.
"""
