"""Adapters as folders: what they are, where they come from, whether they may write."""
