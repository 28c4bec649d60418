"""Replaying a tape on a running exchange, and proving that the money adds up afterwards."""
