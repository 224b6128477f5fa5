"""The history: one SQLite file, written by one process and read by any number of viewers."""
