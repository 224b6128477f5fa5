"""The rules: what the readings mean. Pure functions of what was read, the time and the thresholds."""
