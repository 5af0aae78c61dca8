"""Evaluation of an adapter: what it learnt, what it kept of the books, and how it tells a story."""
