"""Charts drawn with characters: pure functions from what was recorded to styled lines, and a widget that shows them."""
