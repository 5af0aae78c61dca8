"""Settings of a training run: their defaults, where they come from, and which go together.

Nothing here loads torch.
"""
