"""The source of processes: agents' process trees, what they use, and which came and went (DESIGN.md §4)."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Final

import psutil

from monitor.model import Millis, ProcessExit, ProcessInfo, ProcessKey, ProcessReading
from monitor.sources.processes.catalogue import CANONICAL_NAMES, classify, could_be_agent, hosted
from monitor.sources.processes.commandline import display_name, program_of
from monitor.sources.processes.configured import Matches, PidFiles
from monitor.sources.processes.groups import Group, Mark, Rates, arrange, members_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from monitor.config import AgentSettings
    from monitor.sources.processes.table import Changes, Entry, ProcessTable

SHORTEST_INTERVAL: Final = 0.05
"""Seconds. The kernel counts CPU time in hundredths, so that over less no rate can be told."""
PATH_LIMIT: Final = 4096


def default_table() -> ProcessTable:
    """The cheapest reader of the process table that this system has."""
    if sys.platform == "linux":
        from monitor.sources.processes.linux import LinuxTable  # noqa: PLC0415 - it needs /proc

        return LinuxTable()
    from monitor.sources.processes.portable import PortableTable  # noqa: PLC0415 - as above

    return PortableTable()


class ProcessSource:
    """Finds agents' processes and sums up their trees, once a tick.

    Found are known agent programs (when `discover` is set) and the configured agents' processes. Several that match
    one configured agent make several groups with its id, the oldest first. `scan_interval`, in seconds, is how long
    it may take at most until an old process that now runs another program is noticed. Not thread-safe; `tree` is
    for between two polls. Raises SourceError when the process table cannot be read.
    """

    def __init__(
        self,
        agents: Sequence[AgentSettings],
        *,
        discover: bool,
        scan_interval: float,
        table: ProcessTable | None = None,
    ) -> None:
        """`table` is another reader than the platform's best."""
        self._table = table if table is not None else default_table()
        self._kinds = {agent.id: agent.kind for agent in agents if agent.kind != "custom"}
        self._discover = discover
        self._scan_interval = scan_interval
        self._matches = Matches(agents)
        self._pid_files = PidFiles(agents)
        self._claims: Mapping[Entry, str] = {}
        self._marks: dict[Entry, Mark] = {}
        self._hosts: dict[Entry, str] = {}
        """Processes that run the commands of several agents, each with the agents' kind."""
        self._groups: dict[Entry, Group] = {}
        self._group_of: dict[Entry, Group] = {}
        self._tracked: list[Entry] = []
        self._memory_total = psutil.virtual_memory().total
        self._last_poll: float | None = None
        self._rates = Rates(-1, None, self._memory_total)

    @property
    def boot_id(self) -> str:
        """Identifies this boot of the host: part of every `ProcessKey`."""
        return self._table.boot_id

    def poll(self, now: Millis) -> ProcessReading:
        """Look at the process table; `now` labels the reading, while rates come from the monotonic clock."""
        table, before, is_first = self._table, self._groups, self._last_poll is None
        changes = self._look()
        dirty = changes.rearranged | self._mourn(changes.vanished)
        dirty |= self._claim()
        for entry in (*changes.appeared, *changes.looked_at):
            dirty |= self._identify(entry)
        dirty |= any(table.entries.get(entry.ppid) in self._group_of for entry in changes.appeared)
        if dirty or any(top.is_zombie for top in before):
            self._regroup()
        groups = {top: group.reading(table, self._rates) for top, group in self._groups.items()}
        return ProcessReading(
            at=now,
            groups=tuple(groups.values()),
            started=() if is_first else tuple(groups[top] for top in groups if top not in before),
            stopped=tuple(self._exit(group, now) for top, group in before.items() if top not in groups),
            total=len(table.entries),
            degraded="; ".join(filter(None, (table.degraded, self._pid_files.problem))),
        )

    def tree(self, key: ProcessKey) -> tuple[ProcessInfo, ...]:
        """List the processes of a group of the last poll, depth first; empty when there is none of that key."""
        for group in self._groups.values():
            if group.key == key:
                return group.infos(self._table, self._rates)
        return ()

    def group_of(self, pid: int, start: int | None) -> ProcessKey | None:
        """The group of the last poll that a process is in; `start`, as in `ProcessKey`, guards against a reused pid."""
        entry = self._table.entries.get(pid)
        group = self._group_of.get(entry) if entry is not None else None
        if entry is None or group is None or (start is not None and entry.start != start):
            return None
        return group.key

    def started(self, pid: int) -> Millis | None:
        """When the process of that number was started, agent's or not; None when there is none, as of the last poll."""
        entry = self._table.entries.get(pid)
        return None if entry is None or entry.is_zombie else self._table.started(entry)

    def started_since(self, key: ProcessKey, at: Millis) -> int | None:
        """How many processes below a group's topmost one were started since `at`; None without such a group.

        Of those that a host runs for several agents, the ones that work in this agent's folder.
        """
        group = next((known for known in self._groups.values() if known.key == key), None)
        if group is None:
            return None
        served = self._served(group.mark.kind)
        own = (entry for entry in group.members[1:] if entry not in served and entry not in self._hosts)
        here = (entry for entry in served if self._is_within(entry, group.cwd))
        return sum(self._table.started(entry) >= at for entry in (*own, *here))

    def _served(self, kind: str) -> set[Entry]:
        """What the hosts of this kind of agent run."""
        table = self._table
        waiting = [entry for entry, of_kind in self._hosts.items() if of_kind == kind]
        found: set[Entry] = set()
        while waiting:
            below = [table.entries.get(pid) for pid in table.children.get(waiting.pop().pid, ())]
            new = [entry for entry in below if entry is not None and entry not in found]
            found.update(new)
            waiting += new
        return found - self._hosts.keys()

    def _is_within(self, entry: Entry, folder: str | None) -> bool:
        """Whether a process works in a folder, or below it."""
        cwd = self._cwd(entry) if folder is not None else None
        return cwd is not None and (cwd == folder or cwd.startswith(f"{folder}{os.sep}"))

    def close(self) -> None:
        """Let go of every process."""
        self._table.close()

    def _look(self) -> Changes:
        """Look at the table. After a look that failed, the next one's rates are over all the time since the last."""
        now = time.monotonic()
        elapsed = 0.0 if self._last_poll is None else now - self._last_poll
        percent = 100 * self._table.tick_seconds / elapsed if elapsed >= SHORTEST_INTERVAL else None
        self._rates = Rates(self._rates.tick + 1, percent, self._memory_total)
        share = min(1.0, elapsed / self._scan_interval)
        changes = self._table.look(self._rates.tick, self._tracked, share=share)
        self._last_poll = now
        return changes

    def _mourn(self, vanished: Iterable[Entry]) -> bool:
        """Processes ended: their CPU time shows again in the one that waited for them."""
        by_pid = {entry.pid: entry for entry in vanished}
        was_member = False
        for entry in by_pid.values():
            self._marks.pop(entry, None)
            self._hosts.pop(entry, None)
            if entry not in self._group_of:
                continue
            was_member = True
            waiter = entry
            for _ in by_pid:
                if waiter.ppid not in by_pid:
                    break
                waiter = by_pid[waiter.ppid]
            parent = self._table.entries.get(waiter.ppid)
            owing = self._group_of.get(parent) if parent is not None else None
            if owing is not None:
                owing.owe(entry, self._rates.tick)
        return was_member

    def _claim(self) -> bool:
        """Look at the pid files; tells whether they name other processes than before."""
        claims = self._pid_files.find(self._table)
        if claims == self._claims:
            return False
        before, self._claims = self._claims, claims
        for entry in {*before, *claims}:
            self._identify(entry)
        return True

    def _identify(self, entry: Entry) -> bool:
        """See what a process runs, and whether that makes it an agent's; tells whether this has changed."""
        table, marks = self._table, self._marks
        if table.entries.get(entry.pid) is not entry:  # it ended in the midst of the look
            return False
        claimed = self._claims.get(entry)
        if entry.is_kernel or not (could_be_agent(entry.name) or claimed or self._matches):
            return marks.pop(entry, None) is not None
        group = self._groups.get(entry)
        if group is not None:
            group.cwd = self._cwd(entry) or group.cwd
        argv = table.arguments(entry)
        seen = (entry.name, argv, claimed)
        is_between = not argv and entry in marks  # in the midst of an exec, or ending
        if seen == entry.seen or is_between:
            return False
        entry.seen = seen
        old, new = marks.pop(entry, None), self._mark(entry, argv, claimed)
        if new is not None:
            marks[entry] = new
        return new != old

    def _mark(self, entry: Entry, argv: Sequence[str], claimed: str | None) -> Mark | None:
        """What makes this process an agent's, if anything does."""
        name = entry.name
        known = could_be_agent(name)
        executable = self._table.executable(entry) if known else None
        kind = classify(name, executable, argv) if known else None
        self._note_host(entry, hosted(name, executable, argv) if known and kind is None else None)
        configured = claimed or self._matches.find(name, argv)
        if configured is not None and claimed is None and self._is_family(entry):
            configured = None
        if configured is None and (kind is None or not self._discover):
            return None
        shown = display_name(name, program_of(name, argv), CANONICAL_NAMES.get(kind or ""))
        return Mark(self._kinds.get(configured or "") or kind or "custom", shown, configured)

    def _note_host(self, entry: Entry, kind: str | None) -> None:
        if kind is None:
            self._hosts.pop(entry, None)
        else:
            self._hosts[entry] = kind

    def _is_family(self, entry: Entry) -> bool:
        """Whether it is this program, one of its ancestors or of its descendants: their arguments quote others'."""
        own = os.getpid()
        return own in self._lineage(entry.pid) or entry.pid in self._lineage(own)

    def _lineage(self, pid: int) -> set[int]:
        """The pid and those of its ancestors."""
        line: set[int] = set()
        while pid not in line and (entry := self._table.entries.get(pid)) is not None:
            line.add(pid)
            pid = entry.ppid
        return line

    def _regroup(self) -> None:
        """Sort processes into trees again, and read those that are new in one."""
        table, old = self._table, self._groups
        tops = arrange(table, self._marks)
        self._groups, group_of, tracked = {}, {}, []
        for top, mark in tops.items():
            group = old.get(top)
            if group is None:
                group = Group(top, mark, table)
                group.cwd = self._cwd(top)
            group.mark = mark
            group.members, group.depths = members_of(table, top, tops)
            self._groups[top] = group
            tracked += group.members
            group_of.update(dict.fromkeys(group.members, group))
        table.track([entry for entry in tracked if entry not in self._group_of])
        left = [entry for entry in self._group_of if entry not in group_of]
        table.untrack(left)
        for entry in left:
            entry.is_member = False
        for entry in tracked:
            entry.is_member = entry not in tops
        self._group_of, self._tracked = group_of, tracked

    def _cwd(self, entry: Entry) -> str | None:
        """Working directory, when it is a path that can be stored and shown as it is."""
        path = self._table.cwd(entry) or ""
        usable = len(path) <= PATH_LIMIT and path.isprintable() and os.path.isabs(path)
        return path if usable else None

    def _exit(self, group: Group, now: Millis) -> ProcessExit:
        status = self._table.exit_status(group.top)
        code = os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None
        killed = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None
        return ProcessExit(
            key=group.key,
            kind=group.mark.kind,
            name=group.mark.name,
            at=now,
            cwd=group.cwd,
            exit_code=code,
            signal=killed,
        )
