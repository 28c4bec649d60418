"""The reference book: design section 6 in Python, written to be read. It is the specification."""

from partita.matchers.reference.book import ReferenceBook

__all__ = ["ReferenceBook"]
