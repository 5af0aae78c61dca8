"""Pydantic models of everything that flows between the rooms, and nothing else."""
