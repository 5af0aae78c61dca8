"""Scenes become training rows: compiled, counted in tokens, split and written."""
