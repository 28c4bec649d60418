"""Stores: what the private streams and the market made, as tables to ask."""
