"""Books: the reference book, its contract, and the matcher worker."""
