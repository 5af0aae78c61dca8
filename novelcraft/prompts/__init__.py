"""Prompts: one template file per role and task, the loader, and the narrator's assembler."""
