"""A damaged database: put aside, rebuilt, salvaged."""
