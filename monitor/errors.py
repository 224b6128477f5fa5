"""Errors that are for people: each says what happened, where, and what to do, and knows its exit code."""


class MonitorError(Exception):
    """Something the user can act on; printed to stderr without a traceback.

    `exit_code` is the process's exit status, as docs/reference/commands.md lists them.
    """

    exit_code = 1


class ConfigError(MonitorError):
    """A setting or an argument is wrong: names the file, the key, the value and what is allowed."""

    exit_code = 2


class DatabaseVersionError(MonitorError):
    """The database is newer than this program, or one of its migrations was altered."""

    exit_code = 4


class DatabaseError(MonitorError):
    """The database cannot be opened, read or written; the message names the file and the remedy."""


class DatabaseDamagedError(DatabaseError):
    """The database's file is no whole database any more: it can be salvaged or restored, not gone on with."""


class RecorderBusyError(MonitorError):
    """Another recorder holds the database; the message names its process."""


class SourceError(Exception):
    """A source could not take its reading; the text becomes a health record, shown with the source's name."""
