"""Goes to one thing of each kind, from wherever a person is: an agent, a task, a commit, an alert, a system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.ui.screens.main import MainScreen

if TYPE_CHECKING:
    from textual.app import App

    from monitor.model import Commit
    from monitor.ui.wiring import Wiring


def go_to_agent(app: App[Any], agent_id: str) -> None:
    """Select an agent on the main screen, with nothing over it."""
    while not isinstance(app.screen, MainScreen):
        app.pop_screen()
    app.screen.go_to_agent(agent_id)


def open_agent(app: App[Any], wiring: Wiring, agent_id: str) -> None:
    """Open the details of an agent."""
    from monitor.ui.screens.agent import show_agent

    show_agent(app, wiring, agent_id)


def open_task(app: App[Any], wiring: Wiring, root: str, task_id: str) -> None:
    """Open the details of a task."""
    from monitor.ui.screens.task import TaskScreen

    app.push_screen(TaskScreen(wiring, root, task_id))


def open_commit(app: App[Any], wiring: Wiring, commit: Commit) -> None:
    """Open everything about a commit."""
    from monitor.ui.screens.commit import CommitScreen

    app.push_screen(CommitScreen(wiring, commit))


def open_alert(app: App[Any], wiring: Wiring, alert_id: str) -> None:
    """Open everything about an alert."""
    from monitor.ui.screens.alert import AlertScreen

    app.push_screen(AlertScreen(wiring, alert_id))


def open_system(app: App[Any], wiring: Wiring, name: str = "") -> None:
    """Open all that an attached system tells; without a name, that all of them tell."""
    from monitor.ui.screens.systems import SystemsScreen

    app.push_screen(SystemsScreen(wiring, name))
