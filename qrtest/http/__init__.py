"""Request, Response, the protocol Service, and the table of operations."""
