"""The training graph: from books to a registered adapter. Its face is `road.TrainingRoad`."""
