"""Copies of the database, full backups, and the way back to them."""
