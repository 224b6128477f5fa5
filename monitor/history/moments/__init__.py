"""The state of a moment, read back: for a viewer that attaches, a replay, and a restart."""
