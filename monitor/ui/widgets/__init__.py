"""Widgets that draw whole lines by themselves: no layout and no class change happens on a tick (DESIGN.md §7)."""
