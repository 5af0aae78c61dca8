"""Preferences: found in novels, read and written as files."""
