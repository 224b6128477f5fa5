"""Goes to one thing of each kind, from wherever a person is: an agent, a task, a commit, an alert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.ui.screens.main import MainScreen

if TYPE_CHECKING:
    from textual.app import App

    from monitor.ui.panes.pane import Pane
    from monitor.ui.wiring import Wiring


def go_to_agent(app: App[Any], agent_id: str) -> None:
    """Select an agent on the main screen."""
    main = _main(app)
    main.action_pane("agents")
    select(main.agents, agent_id)


def open_agent(app: App[Any], wiring: Wiring, agent_id: str) -> None:
    """Open the details of an agent."""
    from monitor.ui.screens.agent import AgentScreen

    app.push_screen(AgentScreen(wiring, agent_id))


def open_task(app: App[Any], wiring: Wiring, root: str, task_id: str) -> None:
    """Open the board on a task."""
    from monitor.ui.panes.board import BoardPane
    from monitor.ui.screens.board import BoardScreen

    pane = BoardPane(wiring)
    app.push_screen(BoardScreen(wiring, pane))
    pane.call_next(select, pane, f"{root}\n{task_id}")


def open_commit(app: App[Any], _wiring: Wiring, commit_hash: str) -> None:
    """Go to a commit."""
    _select_on_main(app, "commits", commit_hash)


def open_alert(app: App[Any], _wiring: Wiring, alert_id: str) -> None:
    """Go to an alert."""
    _select_on_main(app, "alerts", alert_id)


def select(pane: Pane[Any], row_id: str) -> None:
    """Put the cursor on a row, without the filter when that hides it."""
    if not pane.table.select(row_id) and pane.filter:
        pane.set_filter("")
        pane.table.select(row_id)


def _main(app: App[Any]) -> MainScreen:
    """The main screen, with nothing over it."""
    while not isinstance(app.screen, MainScreen):
        app.pop_screen()
    return app.screen


def _select_on_main(app: App[Any], pane_id: str, row_id: str) -> None:
    main = _main(app)
    main.action_pane(pane_id)
    select(next(pane for pane in main.panes() if pane.id == pane_id), row_id)
