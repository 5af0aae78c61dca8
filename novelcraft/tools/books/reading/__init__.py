"""A book's file is checked and read: any format becomes raw Markdown."""
