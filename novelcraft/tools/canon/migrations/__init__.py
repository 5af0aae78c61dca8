"""Alembic's migrations of a novel's database, run by `engine`, never from a command line."""
