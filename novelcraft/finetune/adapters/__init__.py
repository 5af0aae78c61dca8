"""Adapters as folders: what is in one, where it comes from, and how a run goes on from one.

Nothing here loads torch.
"""
