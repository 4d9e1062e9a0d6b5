"""Sentences that people read, in the language they read: each is an id with arguments, and has a text per language.

How to say something new:

1. Add ``"your.id": "You wait for {stage}."`` to a module of ``english/`` (a new module for a new subject; list it in
   ``english/__init__.py``). Where a number decides the form, give two texts: ``("{count} day", "{count} days")``.
2. Say it with ``Message("your.id", stage="mql")``. A message is a ``str``, its English text, so it may stand in any
   field that holds text; and it remembers ``id`` and ``arguments``, so a page can say it in another language with
   ``language.text(message)``. Arguments are names of the book, numbers, instants, other messages, and tuples of
   these, which are joined as the language joins them. No sentence may be put together from pieces with ``+`` or f"".
3. Run ``python scripts/translations.py``: it adds the id to each ``locale/*/LC_MESSAGES/leadline.po``. Fill in the
   ``msgstr`` there (any PO editor does) and run it again: it compiles the ``.mo`` that is shipped.

Ids are for machines, so they stay; a text may be improved at any time, except those that ``Outcome.why`` stores.
"""

from leadline.common.messages.languages import ENGLISH, LANGUAGES, Language, language_named, language_of_environment
from leadline.common.messages.message import Argument, Message
from leadline.common.messages.telling import told

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "Argument",
    "Language",
    "Message",
    "language_named",
    "language_of_environment",
    "told",
]
