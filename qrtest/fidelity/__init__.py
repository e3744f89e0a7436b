"""A canary: whether a service behaves as the simulated one assumes that the real one does."""
