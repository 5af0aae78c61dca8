"""Widgets of the text interface, one a file."""
