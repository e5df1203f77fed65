"""Writers of reports. Each formats finished models for one format, and computes no verdict.

``page``, ``page_data`` and ``charts``: the HTML page; ``readiness_markdown``, ``engines``, ``matrix``,
``trace_use``: Markdown; ``junit``, ``annotations``, ``text``. ``escape`` makes text from outside safe for
each format; all writers use it. Verdicts are in ``readiness``, terminal output in ``cli``.
"""
