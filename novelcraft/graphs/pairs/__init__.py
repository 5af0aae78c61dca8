"""Collecting preferences: from novels, and by asking the narrator for scenes to known prompts."""
