"""Requests, responses and the one method that answers them; which operation a request is."""
