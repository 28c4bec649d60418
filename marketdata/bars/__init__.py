"""Candles and the day's figures, from the public trades."""
