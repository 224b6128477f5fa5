"""Goes to an agent: to the pane of tmux in which it runs, where there is one, else to its details."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from monitor.keystore import Keys
from monitor.ui.opening import open_agent
from monitor.ui.outside import tmux

if TYPE_CHECKING:
    from textual.app import App

    from monitor.model import AgentMetrics
    from monitor.ui.wiring import Wiring


def go(app: App[Any], wiring: Wiring, agent_id: str) -> None:
    """Go to an agent. Outside of tmux, read-only and in a replay that means its details, at once."""
    metrics: AgentMetrics | None = wiring.store.get(Keys.metrics(agent_id))
    pid = metrics.pid if metrics else None
    if pid is None or not tmux.inside() or wiring.options.readonly or wiring.replay is not None:
        open_agent(app, wiring, agent_id)
        return
    app.run_worker(
        _go(app, wiring, agent_id, pid), name="go", group="go", exclusive=True, exit_on_error=False
    )


async def _go(app: App[Any], wiring: Wiring, agent_id: str, pid: int) -> None:
    here = app.screen
    pane = await tmux.find_pane(pid)
    # Its own pane is where it was started in the background: there is nothing else to see in it.
    jumped = pane is not None and pane.id != os.environ.get("TMUX_PANE") and (await tmux.jump(pane)).ok
    # A person who has gone elsewhere meanwhile does not want it any more.
    if not jumped and app.screen is here:
        open_agent(app, wiring, agent_id)
