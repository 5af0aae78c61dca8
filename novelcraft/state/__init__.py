"""Pydantic models of everything that flows between the packages, and nothing else."""
