"""The command line: a file a command, each of which imports what it needs when it runs."""
