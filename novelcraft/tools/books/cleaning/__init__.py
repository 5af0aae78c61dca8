"""A book's raw Markdown becomes its narrative, its reference and a log of what was dropped."""
