"""The language of the log: messages, codec, exact decimals, topics, limits, errors."""
