"""The screen. It sees a key store, sends commands through a feed, and knows nothing else."""
