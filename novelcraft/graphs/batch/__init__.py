"""Many novels at once: a batch's run, its novels, and what they may cost."""
