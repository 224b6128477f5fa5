"""Gemini CLI: its chats (google-gemini/gemini-cli: packages/core/src/services/chatRecordingService.ts)."""

from monitor.sources.sessions.gemini.reader import GeminiReader

__all__ = ["GeminiReader"]
