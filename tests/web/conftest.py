"""The command line and practice CRMs, as the tests of the command line have them."""

from tests.cli.conftest import book, desk, leadline

__all__ = ["book", "desk", "leadline"]
