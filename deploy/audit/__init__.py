"""Rebuilds every balance and book from the log, and compares with all that was said of them."""
