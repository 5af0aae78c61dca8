"""Novelcraft: train a language model into a novelist, and have it write whole novels."""

__version__ = "0.1.0"
