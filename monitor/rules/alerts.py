"""The table of all alert rules, and the one pass that asks each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.rules.agent_rules import AGENT_RULES
from monitor.rules.attached_rules import ATTACHED_RULES
from monitor.rules.budget_rules import BUDGET_RULES
from monitor.rules.death_rules import DEATH_RULES
from monitor.rules.host_rules import HOST_RULES
from monitor.rules.overlap_rules import OVERLAP_RULES
from monitor.rules.session_rules import SESSION_RULES
from monitor.rules.system_rules import SYSTEM_RULES
from monitor.rules.task_rules import TASK_RULES

if TYPE_CHECKING:
    from monitor.config import Thresholds
    from monitor.rules.facts import Situation
    from monitor.rules.rule import Finding, Firing, Rule

RULES: Final[tuple[Rule, ...]] = (
    *SYSTEM_RULES,
    *AGENT_RULES,
    *DEATH_RULES,
    *SESSION_RULES,
    *BUDGET_RULES,
    *OVERLAP_RULES,
    *TASK_RULES,
    *ATTACHED_RULES,
    *HOST_RULES,
)
RULES_BY_ID: Final = {rule.id: rule for rule in RULES}


def find_all(situation: Situation, thresholds: Thresholds, firing: Firing) -> list[Finding]:
    """Ask every rule what it finds now; `firing` tells which alerts are open (hysteresis)."""
    return [found for rule in RULES for found in rule.find(situation, thresholds, firing)]
