"""What a checker says when something that must be true is not."""

from typing import Never


class Violation(Exception):
    """An invariant is broken; the checker that found it is named."""

    def __init__(self, checker: str, text: str) -> None:
        super().__init__(f"{checker}: {text}")
        self.checker = checker


def violate(checker: str, text: str) -> Never:
    """Raise a Violation."""
    raise Violation(checker, text)
