"""What the auditor and the history checker say when something that must be true is not."""

from typing import Never


class Violation(Exception):
    """Requests and replies do not fit together; the text says where and why."""


def violate(text: str) -> Never:
    """Raise a Violation."""
    raise Violation(text)
