"""The real path and the relay of its hops in turns on one broker: what share of the ceiling."""
