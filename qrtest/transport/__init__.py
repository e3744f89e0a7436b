"""How requests reach a service: any transport carries to any service."""
