"""The command, and the servers it can bring along. Knows everyone; nobody knows it."""
