"""Other systems that run agents: their databases, read through the queries of `sql/systems/<system>/`.

A system is a folder of SQL and words, not code: `catalogue` loads it, an engine runs its queries, `reader` reads on.
"""
