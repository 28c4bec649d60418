"""Which texts identify a command or an order."""

from partita.schemas.limits import ID_CHARACTERS_MAX


def is_identifier(text: str) -> bool:
    """Return whether a text is one: 1 to 36 printable ASCII characters.

    >>> is_identifier("order 1"), is_identifier(""), is_identifier("a" * 37)
    (True, False, False)
    """
    return 1 <= len(text) <= ID_CHARACTERS_MAX and text.isascii() and text.isprintable()
