"""The panes: each reads its own keys of the store and shows them in one live table."""
