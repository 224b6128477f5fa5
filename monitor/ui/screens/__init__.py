"""The screens: the main one, one agent in detail, the board, and help."""
