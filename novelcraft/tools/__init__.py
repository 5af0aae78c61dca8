"""Deterministic capabilities, one folder a subject."""
