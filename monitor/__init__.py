"""Agent Monitor: one terminal screen for every coding agent at work on a host."""

__version__ = "0.1.0"
