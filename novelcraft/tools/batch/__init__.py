"""A batch of novels as data: the file of rows, and the table that says how each stands."""
