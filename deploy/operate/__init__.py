"""What an operator sees of a running exchange, and the word that goes past a record."""
