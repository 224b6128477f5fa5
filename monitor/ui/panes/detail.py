"""What every pane of an agent's details has in common."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING, ClassVar

from monitor.keystore import Keys
from monitor.ui import format as text
from monitor.ui.panes.pane import Pane
from monitor.ui.widgets.columns import Column, R

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring


class DetailPane(Pane[R]):
    """A pane about one agent."""

    TITLES: ClassVar[bool] = False
    KEYS: ClassVar[tuple[Callable[[str], str], ...]]
    """Functions of `Keys` that name what it shows."""

    def __init__(self, wiring: Wiring, agent_id: str, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        self.agent_id = agent_id
        super().__init__(wiring, id=id)

    def patterns(self) -> tuple[str, ...]:
        """The agent's keys, as patterns that match only themselves whatever its id holds."""
        own = (glob.escape(key(self.agent_id)) for key in (*self.KEYS, Keys.status))
        return (*dict.fromkeys(own), Keys.CLOCK)

    @property
    def gone(self) -> bool:
        """Whether the moment shown knows nothing of the agent: it has left, or has not come yet."""
        return self.store.get(Keys.status(self.agent_id)) is None

    def nothing(self) -> tuple[Cell, ...]:
        """What to say when the agent is there and has no row."""
        raise NotImplementedError

    def empty(self) -> tuple[Cell, ...]:
        """Nothing is said of an agent that is not there."""
        return ((("Nothing is known of it at this moment.", "muted"),),) if self.gone else self.nothing()

    def age_column(self, moment: Callable[[R], int | None], width: int = 4) -> Column[R]:
        """A column of ages."""
        return Column(
            "age",
            "",
            width,
            lambda row, _: ((text.age(moment(row), self.now), "muted"),),
            "right",
            moving=True,
        )
