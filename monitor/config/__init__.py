"""The settings: a TOML or JSON file, then the environment (`AGENT_MONITOR_*`), then the command line.

Each setting stands once, with its meaning, unit and bounds; `config init`, the reference page and every error message
are made from them.
"""

from monitor.config.loading import CONFIG_SIZE_LIMIT, ENVIRONMENT_PREFIX, NOT_SETTINGS, Loaded, load
from monitor.config.settings import (
    AgentSettings,
    Backup,
    DatabaseSettings,
    Intervals,
    RagSettings,
    Retention,
    ScreenSettings,
    ServiceSettings,
    SessionSettings,
    Settings,
    SystemSettings,
    Thresholds,
)

__all__ = [
    "CONFIG_SIZE_LIMIT",
    "ENVIRONMENT_PREFIX",
    "NOT_SETTINGS",
    "AgentSettings",
    "Backup",
    "DatabaseSettings",
    "Intervals",
    "Loaded",
    "RagSettings",
    "Retention",
    "ScreenSettings",
    "ServiceSettings",
    "SessionSettings",
    "Settings",
    "SystemSettings",
    "Thresholds",
    "load",
]
