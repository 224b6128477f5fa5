"""Every setting, once, with its meaning, unit and bounds."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from monitor.prices.price import Price

Seconds = Annotated[float, Meta(ge=0.1, le=86_400)]
Days = Annotated[int, Meta(ge=1, le=36_500)]
Percent = Annotated[float, Meta(ge=0, le=100)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]


class AgentSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An agent you name yourself, in an `[[agents]]` table."""

    id: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._:#@/-]{0,63}\Z",
            description="Its id: letters, digits and . _ : # @ / -, at most 64.",
        ),
    ]
    name: Annotated[
        str, Meta(max_length=100, description="Its name on the screen; the id when left out.")
    ] = ""
    role: Annotated[str, Meta(max_length=100, description="What it is for, in your words.")] = ""
    kind: Annotated[
        str, Meta(max_length=40, description="The program: `claude-code`, `codex`, `gemini`, … or `custom`.")
    ] = "custom"
    worktree: Annotated[
        str, Meta(description="The folder it works in; a relative path starts at the configuration's folder.")
    ] = ""
    match: Annotated[
        str,
        Meta(
            description="A regular expression looked for in the program's name and arguments, to find its process."
        ),
    ] = ""
    pid_file: Annotated[
        str, Meta(description="A file that holds its process id; may not go with `match`.")
    ] = ""


class Intervals(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often each source is asked, in seconds."""

    tick: Annotated[Seconds, Meta(description="Between two samples of every agent.")] = 2.0
    process_scan: Annotated[
        Seconds,
        Meta(description="Between two full looks at the process table, which find reparented children."),
    ] = 30.0
    git: Annotated[
        Seconds, Meta(description="At the latest, for a worktree in which nothing was seen to move.")
    ] = 120.0
    git_busy: Annotated[
        Seconds,
        Meta(description="At the earliest, between two readings of a worktree that moves all the time."),
    ] = 20.0
    board: Annotated[
        Seconds, Meta(description="For the task board and the progress log, beside file events.")
    ] = 10.0
    rag: Annotated[Seconds, Meta(description="For the rag metrics.")] = 30.0
    services: Annotated[Seconds, Meta(description="For the service checks.")] = 15.0
    health: Annotated[Seconds, Meta(description="Between two recorded rows of host health.")] = 10.0


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a status or an alert begins."""

    active_minutes: Annotated[
        float, Meta(gt=0, le=10_080, description="An agent with activity in this many minutes is active.")
    ] = 5.0
    idle_minutes: Annotated[
        float, Meta(gt=0, le=10_080, description="An agent with activity in this many minutes is idle.")
    ] = 30.0
    active_cpu_percent: Annotated[
        float, Meta(ge=0, le=100_000, description="CPU, in percent of one core, that counts as activity.")
    ] = 5.0
    status_hold_seconds: Annotated[
        float, Meta(ge=0, le=3600, description="How long a new status has to hold before it is taken.")
    ] = 4.0
    task_blocked_minutes: Annotated[
        float, Meta(gt=0, le=525_600, description="A task BLOCKED for longer raises an alert.")
    ] = 60.0
    task_stale_minutes: Annotated[
        float,
        Meta(gt=0, le=525_600, description="A task IN_PROGRESS and not updated for longer raises an alert."),
    ] = 60.0
    blocked_tasks: Annotated[int, Meta(ge=0, description="More BLOCKED tasks than this raise an alert.")] = 3
    agent_memory_percent: Annotated[
        Percent, Meta(description="An agent's share of the machine's memory.")
    ] = 80.0
    host_warning_percent: Annotated[
        Percent, Meta(description="Host CPU, memory or disk: warning above this.")
    ] = 80.0
    host_critical_percent: Annotated[
        Percent, Meta(description="Host CPU, memory or disk: critical above this.")
    ] = 90.0
    host_hold_seconds: Annotated[
        float,
        Meta(ge=0, le=86_400, description="How long a host threshold has to be passed before it counts."),
    ] = 30.0
    uncommitted_warning: Annotated[int, Meta(ge=0, description="More uncommitted files: warning.")] = 10
    uncommitted_error: Annotated[int, Meta(ge=0, description="More uncommitted files: error.")] = 20
    no_commit_minutes: Annotated[
        float, Meta(gt=0, le=525_600, description="No commit by any agent for longer raises an alert.")
    ] = 120.0
    overlap_minutes: Annotated[
        float,
        Meta(
            ge=0,
            le=10_080,
            description="Two agents change the same file: commits of so many minutes count beside uncommitted files.",
        ),
    ] = 60.0
    source_failing_seconds: Annotated[
        float, Meta(ge=0, le=86_400, description="A source that fails for longer raises an alert.")
    ] = 60.0
    disk_free_mb: Annotated[
        int,
        Meta(
            ge=0,
            description="Less free space than this, in MiB, beside the database raises an alert, and the oldest "
            "samples are pruned early; those of the last day stay.",
        ),
    ] = 200
    waiting_minutes: Annotated[
        float, Meta(gt=0, le=10_080, description="An agent that waits for a person for longer: error.")
    ] = 10.0
    repeated_calls: Annotated[
        int,
        Meta(
            ge=0,
            le=50,
            description="An agent that makes the same call so many times in a row goes in circles; 0: never said.",
        ),
    ] = 10
    stall_tokens: Annotated[
        int,
        Meta(
            ge=0,
            description="An agent that spends so many tokens, those read from its cache not counted, without a "
            "changed file or a commit is stalled; 0: never said.",
        ),
    ] = 500_000
    context_percent: Annotated[
        Percent, Meta(description="More than this of an agent's context window in use: warning.")
    ] = 90.0
    quota_percent: Annotated[
        Percent, Meta(description="More than this of an account's quota used: warning; used up: error.")
    ] = 90.0
    api_errors: Annotated[
        int,
        Meta(ge=0, description="So many API errors of an agent within 10 minutes: warning; 0: never said."),
    ] = 5
    budget_agent_usd_day: Annotated[
        float,
        Meta(
            ge=0,
            le=1_000_000,
            description="What an agent may cost a day, in US dollars: warning at 80 %, error at 100 %; 0: no budget.",
        ),
    ] = 0.0
    budget_day_usd: Annotated[
        float,
        Meta(
            ge=0,
            le=1_000_000,
            description="What all agents together may cost a day, in US dollars, as above; 0: no budget.",
        ),
    ] = 0.0
    queue_growth: Annotated[
        int,
        Meta(
            ge=0,
            description="A queue of an attached system in which so many more wait than 15 minutes ago: warning; "
            "0: never said.",
        ),
    ] = 20
    handoff_minutes: Annotated[
        float,
        Meta(gt=0, le=10_080, description="Work handed over that nobody took up for longer: warning."),
    ] = 30.0
    git_budget_percent: Annotated[
        float, Meta(gt=0, le=100, description="What git may cost, in percent of one core over a minute.")
    ] = 3.0


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long history is kept, in days: seed 001's numbers (L317-322), and more where it is silent. The rest stays."""

    agent_metrics_days: Annotated[Days, Meta(description="Samples of agents.")] = 30
    agent_metrics_5min_days: Annotated[Days, Meta(description="Five-minute rows of agents.")] = 90
    agent_metrics_hourly_days: Annotated[Days, Meta(description="Hourly rows of agents.")] = 365
    agent_metrics_daily_days: Annotated[Days, Meta(description="Daily rows of agents.")] = 365
    agent_details_days: Annotated[
        Days, Meta(description="Process ids, programs and git states of agents.")
    ] = 30
    agent_processes_days: Annotated[Days, Meta(description="Process trees of agents.")] = 30
    session_states_days: Annotated[
        Days,
        Meta(description="Sessions of agents as their logs told them, and with them how long they waited."),
    ] = 90
    session_usage_days: Annotated[Days, Meta(description="Tokens and cost by session, model and hour.")] = 365
    session_calls_days: Annotated[Days, Meta(description="Tools that agents called.")] = 90
    agent_status_changes_days: Annotated[
        Days, Meta(description="Status changes of agents with their reasons; what names and roles they had.")
    ] = 365
    system_health_days: Annotated[Days, Meta(description="Rows of host health.")] = 7
    system_health_hourly_days: Annotated[Days, Meta(description="Hourly rows of host health.")] = 30
    rag_metrics_days: Annotated[Days, Meta(description="Rows of rag metrics.")] = 30
    board_states_days: Annotated[Days, Meta(description="Where the tasks of each root were read from.")] = 365
    alerts_days: Annotated[
        Days, Meta(description="Resolved alerts; critical ones are archived after that.")
    ] = 90
    system_states_days: Annotated[
        Days, Meta(description="States, counts and queue depths of attached systems.")
    ] = 90
    system_events_days: Annotated[Days, Meta(description="Events of attached systems.")] = 90
    system_logs_days: Annotated[Days, Meta(description="Log lines of attached systems.")] = 30
    system_metrics_days: Annotated[Days, Meta(description="Numbers that attached systems measured.")] = 90
    events_days: Annotated[
        Days, Meta(description="Events: processes started and stopped, log entries, failing sources, gaps.")
    ] = 90


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service to check, in a `[[services]]` table. Nothing is executed."""

    name: Annotated[Name, Meta(description="Its name on the screen.")]
    kind: Annotated[
        Literal["tcp", "http", "process"],
        Meta(description="A connection, a request (2xx and 3xx are up), or a running process of that name."),
    ]
    target: Annotated[Name, Meta(description="`host:port`, a URL, or a program name.")]
    timeout: Annotated[float, Meta(ge=0.1, le=60, description="Seconds until it counts as down.")] = 3.0
    severity: Annotated[
        Literal["warning", "error", "critical"], Meta(description="Of the alert while it is down.")
    ] = "critical"


class SystemSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another system that runs agents, in a `[[systems]]` table: its database is read, and never written."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}\Z",
            description="Its name on the screen: letters, digits and . _ -, at most 40.",
        ),
    ]
    url: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=1000,
            description="A file, a folder, or a URL: `sqlite:///…`, `postgresql://…`, `mongodb://…`.",
        ),
    ]
    kind: Annotated[
        str,
        Meta(max_length=40, description="Which system it is (page Systems); its tables tell when left out."),
    ] = ""
    interval: Annotated[Seconds, Meta(description="Between two looks at it.")] = 5.0
    agents: Annotated[
        dict[str, str],
        Meta(description="Its agents to yours: its id or name of an agent = the id of yours."),
    ] = {}


class RagSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the rag metrics come from; the first origin that is set is asked."""

    file: Annotated[str, Meta(description="A JSON file with the columns of rag_metrics.")] = ""
    url: Annotated[
        str, Meta(description="Base URL of a server with `/api/patterns/stats` and `/api/queries?limit=50`.")
    ] = ""
    prometheus: Annotated[str, Meta(description="URL of a Prometheus page with the rag_* metrics.")] = ""
    memory_bank: Annotated[
        str,
        Meta(
            description="A folder of memory-bank files; each root's `coordination/memory-bank` when left out."
        ),
    ] = ""


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The history database."""

    path: Annotated[str, Meta(description="Its file; `monitor.db` in the state folder when left out.")] = ""
    wal_limit_mb: Annotated[
        int, Meta(ge=1, le=10_000, description="Bound on the write-ahead log, in MiB.")
    ] = 16


class Backup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Copies of the database that the recorder makes by itself."""

    every_hours: Annotated[
        float, Meta(ge=0, le=8760, description="Hours from one copy to the next; 0 makes none.")
    ] = 24.0
    folder: Annotated[
        str, Meta(description="Where the copies go; `backups` in the state folder when left out.")
    ] = ""
    keep: Annotated[
        int, Meta(ge=1, le=10_000, description="How many copies are kept in that folder; older ones go.")
    ] = 7
    max_age_days: Annotated[
        int,
        Meta(ge=0, le=36_500, description="Copies older than this go, but the newest; 0 is no limit."),
    ] = 0


class SessionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is read of the agents' own session logs. No prompt, answer or file content ever is."""

    agents: Annotated[
        tuple[str, ...],
        Meta(description="Kinds of agents whose logs are read; an empty list reads none."),
    ] = ("claude-code", "codex", "gemini", "opencode", "goose", "aider")
    days: Annotated[Days, Meta(description="Logs that were not written for so many days are not read.")] = 7
    targets: Annotated[
        bool, Meta(description="Keep and show the file paths and command names that tools work on.")
    ] = True
    home: Annotated[
        str,
        Meta(
            description="The home folder in which agents keep their logs; left out: the user's own, and what "
            "`CLAUDE_CONFIG_DIR` and `CODEX_HOME` say."
        ),
    ] = ""


class ScreenSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the screen looks, and which keys it takes."""

    theme: Annotated[
        str,
        Meta(max_length=60, description="Name of its colours; the program's own dark ones when left out."),
    ] = ""
    ascii: Annotated[bool, Meta(description="Draw with ASCII characters only.")] = False
    mouse: Annotated[
        bool, Meta(description="Whether the mouse works; without it the terminal's own selection does.")
    ] = True
    readonly: Annotated[
        bool, Meta(description="Send no signal and open no program, whatever key is pressed.")
    ] = False
    animations: Annotated[bool, Meta(description="Smooth movement; never over SSH.")] = False
    shell: Annotated[
        str, Meta(description="The shell to open in a worktree; the login shell when left out.")
    ] = ""
    editor: Annotated[
        str, Meta(description="The editor to open in a worktree; `$VISUAL` or `$EDITOR` when left out.")
    ] = ""
    keys: Annotated[
        dict[str, str],
        Meta(
            description="Other keys for commands: the id of a command (page Keys) to keys, with commas between."
        ),
    ] = {}


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting; see each part for its keys."""

    roots: Annotated[
        tuple[str, ...],
        Meta(description="Folders whose `coordination/` and worktrees are watched."),
    ] = ()
    discover: Annotated[
        bool, Meta(description="Whether running agents that are not listed are looked for.")
    ] = True
    agents: tuple[AgentSettings, ...] = ()
    intervals: Intervals = field(default_factory=Intervals)
    thresholds: Thresholds = field(default_factory=Thresholds)
    retention: Retention = field(default_factory=Retention)
    services: tuple[ServiceSettings, ...] = ()
    systems: tuple[SystemSettings, ...] = ()
    rag: RagSettings = field(default_factory=RagSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    backup: Backup = field(default_factory=Backup)
    sessions: SessionSettings = field(default_factory=SessionSettings)
    prices: dict[str, Price] = {}
    screen: ScreenSettings = field(default_factory=ScreenSettings)
