"""Time as a value, and the functions that code sleeps by."""
