"""Tapes: CSV files of commands, by which real order flow gets in (design section 13)."""
