"""Services that answer from a cassette, and what a recording says about its jobs."""
