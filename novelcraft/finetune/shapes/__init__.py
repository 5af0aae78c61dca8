"""The shapes of base models: layers, sizes and numbers of parameters. Nothing here loads torch."""
