"""The processes of agents: which programs are agents, their process trees, and what those use (DESIGN.md §4)."""

from monitor.sources.processes.source import ProcessSource

__all__ = ["ProcessSource"]
