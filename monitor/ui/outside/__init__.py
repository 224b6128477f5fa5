"""What lies outside of the screen: clipboard, programs, tmux, processes. Nothing here imports Textual."""
