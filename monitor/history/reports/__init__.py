"""Reports: what a stretch of a recording comes to, each in a file of its own.

A report is a function `(db, query) -> Report`; it reads and never writes, holds no read transaction open, and knows
nothing that was recorded of a time after `query.until`.
"""
