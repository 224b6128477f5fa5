"""Going back in a recording, and playing it."""
