"""What the process table tells of the agents: who has which process, what came and went, and their trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.collector import events
from monitor.collector.trees import TreeLog

if TYPE_CHECKING:
    from monitor.collector.facts import FactBook
    from monitor.collector.inputs import Inputs
    from monitor.collector.publish import Publisher
    from monitor.collector.roster import Roster
    from monitor.model import Event, Millis, ProcessGroup, ProcessInfo, ProcessReading


class ProcessNews:
    """Takes up each reading of the process table, once a tick."""

    def __init__(self, inputs: Inputs, roster: Roster, facts: FactBook, publisher: Publisher) -> None:
        self._inputs = inputs
        self._roster = roster
        self._facts = facts
        self._publisher = publisher
        self._trees = TreeLog()

    def tell_again(self) -> None:
        """Another database knows none of the trees."""
        self._trees = TreeLog()

    def forget(self, agent_id: str) -> None:
        """The agent is gone for good."""
        self._trees.forget(agent_id)

    def take(self, now: Millis) -> list[Event]:
        """Give each agent its process of now; the processes that came and went since the last tick."""
        reading = self._inputs.processes
        if reading is None or reading.at != now:
            return []
        ended = self._facts.owners(reading)
        self._roster.apply_processes(reading.groups, now)
        self._facts.note_exits(ended)
        told = [events.process_stopped(agent_id, end) for agent_id, end in ended.items()]
        told += [events.process_started(agent_id, group, now) for agent_id, group in self._started(reading)]
        for event in told:
            self._publisher.activity(events.of_process(event))
        return told

    def _started(self, reading: ProcessReading) -> list[tuple[str, ProcessGroup]]:
        keys = {group.key for group in reading.started}
        return [
            (member.agent.id, member.process)
            for member in (self._roster.members if keys else ())
            if member.process is not None and member.process.key in keys
        ]

    async def trees(self) -> list[tuple[str, tuple[ProcessInfo, ...]]]:
        """Show process trees to whoever looks at them; those that are to be recorded now, with their agents' ids."""
        asked: dict[str, ProcessGroup] = {}
        for member in self._roster.members:
            agent_id, process = member.agent.id, member.process
            if process is not None:
                if self._publisher.wants_processes(agent_id) or self._trees.due(agent_id, process):
                    asked[agent_id] = process
            elif self._publisher.wants_processes(agent_id):
                self._publisher.processes(agent_id, ())
        trees = await self._inputs.process_trees({process.key for process in asked.values()})
        recorded: list[tuple[str, tuple[ProcessInfo, ...]]] = []
        for agent_id, process in asked.items():
            tree = trees[process.key]
            if self._publisher.wants_processes(agent_id):
                self._publisher.processes(agent_id, tree)
            if self._trees.due(agent_id, process):
                told = self._trees.note(agent_id, process, tree)
                if told is not None:
                    recorded.append((agent_id, told))
        return recorded
