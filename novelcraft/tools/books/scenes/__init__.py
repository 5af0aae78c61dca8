"""Chapters are cut into scenes, and what an agent reads of them is chosen."""
