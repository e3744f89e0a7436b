"""Simulations, replays, recordings and servers: service, clock, transport and client put together."""
