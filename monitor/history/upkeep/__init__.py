"""Keeping the database summed up, within its retention, and small."""
