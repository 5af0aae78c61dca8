"""Books become training data: read, cleaned, cut into scenes, counted and laid out as rows."""
