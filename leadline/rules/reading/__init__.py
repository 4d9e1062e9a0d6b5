"""Reading a rule book: from the bytes of its files to a frozen, checked, resolved ``Book``."""

from leadline.rules.reading.book import read_book

__all__ = ["read_book"]
