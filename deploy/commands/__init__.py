"""The `partita` command, a file for each of its sub-commands."""
