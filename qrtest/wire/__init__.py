"""What the service says: pure values and functions, no sockets, no threads, no wall clock."""
