"""The demo fleet: real processes in real worktrees of a real repository, with a board that moves."""
