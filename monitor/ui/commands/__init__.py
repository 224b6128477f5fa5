"""Every command of the screen, once: bindings, footer, help, palette and the reference page are made from here."""

from monitor.ui.commands.registry import (
    COMMANDS,
    bindings,
    commands,
    footer_label,
    key_label,
    key_labels,
    offered,
    reference,
)
from monitor.ui.commands.spec import GROUPS, CommandSpec, Context, Group

__all__ = [
    "COMMANDS",
    "GROUPS",
    "CommandSpec",
    "Context",
    "Group",
    "bindings",
    "commands",
    "footer_label",
    "key_label",
    "key_labels",
    "offered",
    "reference",
]
