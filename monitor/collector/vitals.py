"""The vital signs: what the monitor costs, the disk beside its database, who looks, and health made of it all."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from monitor.collector.health import system_health
from monitor.collector.measure import SelfMeasure
from monitor.history.presence import connections

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.collector.inputs import Inputs
    from monitor.collector.sink import HistorySink
    from monitor.config import Settings
    from monitor.model import Alert, Connection, Leap, Millis, SystemHealth
    from monitor.paths import StatePaths


class Vitals:
    """Of one collector."""

    def __init__(self, settings: Settings, paths: StatePaths, sink: HistorySink, started_at: Millis) -> None:
        self._settings = settings
        self._paths = paths
        self._sink = sink
        self._viewers = 0
        self._row_at = 0.0
        self.measure = SelfMeasure(started_at)
        self.free_bytes: int | None = None
        """Beside the database; None when that cannot be told."""
        self.given_up = 0
        """Bytes of history that were given up since the disk ran short."""

    def leap(self, leap: Leap) -> None:
        """The clock was set."""
        self.measure.leap(leap)

    def look(self, *, disk_trouble: bool) -> tuple[Connection, ...]:
        """Look at the disk, and at who looks; `disk_trouble` tells whether its alert is open."""
        try:
            self.free_bytes = shutil.disk_usage(self._paths.database.parent).free
        except OSError:
            self.free_bytes = None
        enough = self._settings.thresholds.disk_free_mb << 20
        if (self.free_bytes or 0) >= enough and not disk_trouble:
            self.given_up = 0
        viewers = connections(self._paths.presence)
        self._viewers = len(viewers)
        return viewers

    def health(
        self, now: Millis, inputs: Inputs, alerts: Iterable[Alert], *, interval: float, failing_sources: int
    ) -> SystemHealth:
        """Host, services, sources and the monitor itself, as of this tick."""
        measured = self.measure.reading(
            interval=interval,
            events_seen=inputs.watcher.events_seen,
            git_budget_percent=inputs.git.used_percent(),
            watching=inputs.watcher.state,
            database_bytes=self._sink.size(),
            samples_waiting=self._sink.samples_waiting,
        )
        return system_health(
            now,
            alerts,
            inputs.host,
            inputs.services,
            measured,
            viewers=self._viewers,
            file_watch_events=inputs.file_events_last_minute(),
            failing_sources=failing_sources,
        )

    def row_due(self) -> bool:
        """Whether health is to be recorded with this tick; asked once a tick."""
        due = time.monotonic() >= self._row_at
        if due:
            self._row_at = time.monotonic() + self._settings.intervals.health
        return due

    def tell_again(self) -> None:
        """Record health with the next tick."""
        self._row_at = 0.0
