"""Time as a value, and what makes code that waits follow it."""
