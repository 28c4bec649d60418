"""What must be true of an exchange, one family of invariants a file."""
