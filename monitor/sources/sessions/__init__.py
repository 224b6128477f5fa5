"""What coding agents write about themselves: one reader for each kind of agent, all giving `Session` records."""
