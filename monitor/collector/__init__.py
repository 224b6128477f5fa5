"""The collector: the only writer. It schedules the sources, applies the rules, and writes one transaction a tick."""
