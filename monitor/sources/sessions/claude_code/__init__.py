"""Claude Code: its registry of processes, its transcripts, and what its hooks tell."""

from monitor.sources.sessions.claude_code.reader import ClaudeCodeReader

__all__ = ["ClaudeCodeReader"]
