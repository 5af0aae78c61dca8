"""Doors: our agents and capabilities in other people's programs.

A tool is defined once (`doors.catalogue`) and offered as a Python function, as LangChain tools, by
an MCP server and by the shell.
"""
