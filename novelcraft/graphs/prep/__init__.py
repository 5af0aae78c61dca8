"""The prep graph: from books to training rows."""
