"""What a training run would take, said before anything is loaded. Nothing here loads torch."""
