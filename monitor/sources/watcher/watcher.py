"""Follows the targets and tells, in batches, which of them changed (DESIGN.md §6, SIB-24, SIB-26, SIB-30)."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Final, get_args

from monitor.sources.watcher.back_off import BackOff
from monitor.sources.watcher.batch import Batch
from monitor.sources.watcher.coverage import Coverage, look
from monitor.sources.watcher.limits import explain, folder_budget, make_notifier
from monitor.sources.watcher.targets import (
    Plan,
    Target,
    TargetKind,
    is_followed,
    meaning,
    plan,
    with_branch_of_now,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.sources.watcher.notifier import Event, Notifier
    from monitor.sources.watcher.targets import Change

BATCH_SECONDS: Final = 0.1
"""From the first event to the callback; meanwhile events gather in the kernel."""
SETTLE_SECONDS: Final = 0.05
"""From the news of a folder to following it: what is made together is taken together."""
SLICE: Final = 64
"""Folders looked at in one go of the thread."""
ORDER: Final[tuple[TargetKind, ...]] = get_args(TargetKind)


class Watcher:
    """Calls `on_batch`, on the event loop, with the changes of the last moments, one a target.

    A target that is not there yet is waited for. What cannot be followed is in `needs_polling`, and `state` says why.
    """

    def __init__(
        self,
        on_batch: Callable[[tuple[Change, ...]], None],
        *,
        notifier: Callable[[], Notifier] = make_notifier,
    ) -> None:
        self._on_batch = on_batch
        self._make_notifier = notifier
        self._notifier: Notifier | None = None
        self._coverage: Coverage | None = None
        self._refused = ""
        self._budget = folder_budget()
        self._plans: dict[Target, Plan] = {}
        self._wanted: dict[Target, None] = {}
        self._polled: dict[Target, str] = {}
        self._to_plan: set[Target] = set()
        self._grown: dict[str, None] = {}
        self._looking = False
        self._unplaced: list[Event] = []
        self._batch = Batch()
        self._flush_timer: asyncio.TimerHandle | None = None
        self._wake = asyncio.Event()
        self.events_seen = 0
        """File events since the start."""

    @property
    def needs_polling(self) -> frozenset[str]:
        """Keys of the targets of which nothing will be told: they have to be asked at an interval."""
        targets = self._polled if self._coverage else self._wanted
        return frozenset(target.key for target in targets)

    @property
    def state(self) -> str:
        """One line for people: how much is watched, or why it is polled."""
        if self._refused:
            return f"polling: {self._refused}"
        watching = f"watching {len(self._coverage or ()):,} folders"
        reasons = Counter(self._polled.values())
        return "; ".join(
            [watching, *(f"polling {count:,}: {reason}" for reason, count in sorted(reasons.items()))]
        )

    def set_targets(self, targets: Iterable[Target]) -> None:
        """Watch these from now on and nothing else; costs next to nothing when they are the same as before."""
        wanted = dict.fromkeys(targets)
        if wanted.keys() == self._wanted.keys():
            return
        self._to_plan |= wanted.keys() - self._wanted.keys()
        self._wanted = wanted
        self._wake.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        back_off = BackOff()
        try:
            while True:
                self._wake.clear()
                await self._try()
                try:
                    await asyncio.wait_for(
                        self._wake.wait(), back_off.wait(bool(self._polled or self._refused))
                    )
                except TimeoutError:
                    back_off.retried()
                    self._to_plan |= self._polled.keys()
                await asyncio.sleep(SETTLE_SECONDS)
        finally:
            self.close()

    def close(self) -> None:
        """Watch nothing any more and give everything back; `run` does it when it ends."""
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        if self._notifier is not None:
            self._notifier.pause()
            self._notifier.close()
        self._notifier = self._coverage = None
        self._plans.clear()
        self._polled.clear()

    # --- following ------------------------------------------------------------------------------------------------

    async def _try(self) -> None:
        try:
            await self._work()
        except Exception as error:  # noqa: BLE001 - the source's boundary: any failure becomes its state
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Let everything be polled until it is tried again; `state`, which is recorded with health, says why."""
        self.close()
        self._refused = explain(error)

    async def _work(self) -> None:
        """Bring what is followed in line with what is wanted."""
        notifier, coverage = self._open()
        if notifier is None or coverage is None:
            return
        for target in self._plans.keys() - self._wanted.keys():
            coverage.forget(target)
            self._plans.pop(target)
            self._polled.pop(target, None)
            self._batch.forget(target)
        while self._to_plan:
            target = min(self._to_plan, key=lambda target: (ORDER.index(target.kind), target))
            self._to_plan.discard(target)
            if target in self._wanted:
                await self._follow(notifier, coverage, target)
        while self._grown:
            folder = next(iter(self._grown))
            del self._grown[folder]
            for target in coverage.owners(os.path.dirname(folder)):
                if await self._extend(notifier, coverage, target, [folder], descend=True):
                    self._batch.note(
                        target, self._plans[target], folder
                    )  # what was made in it before it was followed
        if self._batch and self._flush_timer is None:
            self._ready()

    def _open(self) -> tuple[Notifier | None, Coverage | None]:
        if self._notifier is None:
            try:
                self._notifier = self._make_notifier()
            except OSError as error:
                self._refused = explain(error)
                return None, None
            self._refused = ""
            self._coverage = Coverage(self._notifier)
            self._to_plan |= self._wanted.keys()
            self._notifier.start(self._ready)
        return self._notifier, self._coverage

    async def _follow(self, notifier: Notifier, coverage: Coverage, target: Target) -> None:
        """Look where the target is and follow it, from the beginning."""
        coverage.forget(target)
        self._polled.pop(target, None)
        planned = self._plans[target] = await asyncio.to_thread(plan, target)
        if not planned.roots:
            self._polled[target] = "not there"
            return
        await self._extend(notifier, coverage, target, planned.folders, descend=False)
        await self._extend(notifier, coverage, target, planned.trees, descend=True)
        if target in self._plans and planned.git_folder:
            # HEAD may have moved between the plan and the first watch.
            self._plans[target] = with_branch_of_now(self._plans[target])

    async def _extend(
        self, notifier: Notifier, coverage: Coverage, target: Target, folders: Iterable[str], *, descend: bool
    ) -> bool:
        """Follow these folders too, with everything below when `descend`; whether any was found."""
        waiting = dict.fromkeys(folders)
        found = False
        while waiting and target in self._plans and target not in self._polled:
            part = list(islice(waiting, max(1, min(SLICE, self._budget + 1 - len(coverage)))))
            for folder in part:
                del waiting[folder]
            self._looking = True
            try:
                looked = await asyncio.to_thread(look, notifier, part, descend=descend)
            finally:
                self._looking = False
            for folder, below in looked.folders:
                found = True
                coverage.add(target, folder)
                waiting.update(dict.fromkeys(below))
            self._bound(coverage, target, looked.limit)
            unplaced, self._unplaced = self._unplaced, []
            self._take(unplaced)
        return found

    def _bound(self, coverage: Coverage, target: Target, refused: OSError | None) -> None:
        """Poll a target that takes more folders than there may be."""
        limit = self._plans[target].limit
        if refused is not None:
            reason = explain(refused)
        elif coverage.size(target) > limit:
            reason = f"more than {limit:,} folders"
        elif len(coverage) > self._budget:
            reason = f"more than {self._budget:,} folders in all"
        else:
            return
        self._polled[target] = reason
        coverage.forget(target)

    # --- events ---------------------------------------------------------------------------------------------------

    def _ready(self) -> None:
        """The first events after a quiet time: let more of them gather, then tell."""
        if self._notifier is None:
            return
        self._notifier.pause()
        self._flush_timer = asyncio.get_running_loop().call_later(BATCH_SECONDS, self._flush)

    def _flush(self) -> None:
        self._flush_timer = None
        if self._notifier is None:
            return
        try:
            self._take(self._notifier.read())
            self._notifier.start(self._ready)
            self._tell()
        except Exception as error:  # noqa: BLE001 - as above
            self._give_up(error)
            self._wake.set()

    def _tell(self) -> None:
        changes = self._batch.take()
        if changes:
            self._on_batch(changes)

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if event.kind == "lost":
                self._lost()
                continue
            owners = self._coverage.owners(event.folder) if self._coverage else ()
            if not owners and self._looking:
                self._unplaced.append(event)
                continue
            self.events_seen += 1
            if event.kind == "gone":
                self._gone(event.folder, owners)
                continue
            path = os.path.join(event.folder, event.name)
            if event.is_folder and event.kind == "deleted" and self._coverage:
                self._coverage.prune(path)
            for target in owners:
                self._consider(target, event, path)

    def _consider(self, target: Target, event: Event, path: str) -> None:
        planned = self._plans[target]
        if event.name == "HEAD" and event.folder == planned.git_folder:
            planned = self._plans[target] = with_branch_of_now(planned)
        moved = meaning(target, planned, event.folder, event.name)
        made = event.kind == "created" and event.is_folder
        if made and any(
            event.folder == tree or event.folder.startswith(tree + os.sep) for tree in planned.trees
        ):
            if is_followed(event.name):
                self._grown[path] = None
                self._wake.set()
        elif (made and planned.git_folder) or (planned.missing and moved is not None):
            self._plan_again(target)
        if moved is not None:
            self._batch.note(target, self._plans[target], path, head_moved=moved)

    def _gone(self, folder: str, owners: Iterable[Target]) -> None:
        """A followed folder was deleted or moved; what is below a root, its parent has told."""
        for target in owners:
            if folder in self._plans[target].roots:
                self._plan_again(target)
                self._batch.note(target, self._plans[target], folder)

    def _lost(self) -> None:
        """The kernel dropped events: everything may have changed, folders may be missing."""
        for target in self._plans:
            self._plan_again(target)
            self._batch.note(target, self._plans[target], "", head_moved=target.kind == "git")

    def _plan_again(self, target: Target) -> None:
        self._to_plan.add(target)
        self._wake.set()
