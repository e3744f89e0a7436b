"""A script, faults and a result as one value, its file, and the named ones."""
