"""The manuscript store, the derived index of passages, and recall."""
