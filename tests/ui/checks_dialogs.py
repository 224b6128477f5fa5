"""Checks of the commands of the dialogs."""

from __future__ import annotations

from command_checks import covers
from ui_screens import Screen

from monitor.ui.screens.dialogs import Choice, ChoiceScreen, PromptScreen


@covers("choice.pick", "choice.cancel")
async def _something_is_chosen_by_cursor_or_letter_or_not_at_all(screen: Screen) -> None:
    for keys, expected in ((("j", "enter"), 2), (("c",), 3), (("escape",), None), (("q",), None)):
        answers: list[int | None] = []
        choices = (Choice("one", 1), Choice("two", 2), Choice("three", 3, key="c", detail="the third"))
        screen.app.push_screen(ChoiceScreen("Which?", choices), answers.append)
        await screen.until_shown("the third")
        await screen.press(*keys)
        await screen.until(lambda: answers)  # noqa: B023 - waited for in the same turn
        assert answers == [expected], keys


@covers("prompt.accept", "prompt.cancel")
async def _a_line_is_typed_or_not(screen: Screen) -> None:
    for keys, expected in ((("o", "n", "enter"), "on"), (("o", "escape"), None)):
        answers: list[str | None] = []
        screen.app.push_screen(PromptScreen("Why?", placeholder="a note"), answers.append)
        await screen.until_shown("Why?")
        await screen.press(*keys)
        await screen.until(lambda: answers)  # noqa: B023 - waited for in the same turn
        assert answers == [expected], keys
