"""What the demo's agents write about themselves: logs as the real programs keep them, one module a kind of agent."""
