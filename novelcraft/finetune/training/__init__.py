"""The training run: its data, its trainer, its checkpoints, and its process."""
