"""Screens of the text interface, one a file."""
