"""Whether the database is sound, and what is in it."""
