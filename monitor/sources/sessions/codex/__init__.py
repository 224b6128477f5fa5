"""Codex CLI: its rollout files (openai/codex: codex-rs/protocol/src/protocol.rs, codex-rs/rollout/src/policy.rs)."""

from monitor.sources.sessions.codex.reader import CodexReader

__all__ = ["CodexReader"]
