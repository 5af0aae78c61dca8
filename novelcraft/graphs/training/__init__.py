"""The training pipeline: from books to a registered adapter. See `TrainingPipeline`."""
