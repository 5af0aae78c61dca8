"""The experts of sparse models in four bits, and adapters on them."""
