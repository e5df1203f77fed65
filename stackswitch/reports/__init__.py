"""Writers of reports. Each formats finished models for one format, and computes no verdict.

``escape`` makes text from outside safe for each format; all writers use it.
"""
