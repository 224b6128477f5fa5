"""Numbers over a long time, in a few hundred points."""
