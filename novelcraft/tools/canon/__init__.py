"""The manuscript store, its lock, the derived index of passages, and recall."""
