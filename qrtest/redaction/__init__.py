"""Takes secrets out of recordings, and checks that none is left."""
