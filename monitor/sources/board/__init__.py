"""The coordination board of a root: `coordination/task-board.json`, read as it stands and never written."""

from monitor.sources.board.changes import task_events
from monitor.sources.board.shapes import parse_board
from monitor.sources.board.source import BoardSource

__all__ = ["BoardSource", "parse_board", "task_events"]
