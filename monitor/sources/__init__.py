"""Sources: each turns one part of the world into records and knows nothing of storage, alerts or screens.

A source that cannot take its reading raises `SourceError` (or lets an OSError pass); the collector turns that into a
`SourceStatus`, never into silence and never into a zero.
"""
