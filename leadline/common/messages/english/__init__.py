"""The English texts by id, a module for each subject. See ``leadline.common.messages`` for how to add one."""

from typing import Final

from leadline.common.messages.english import conditions, explain, general, note, scores, slas, ways

Text = str | tuple[str, str]
"""One text, or those for one and for many (``count`` decides)."""

TEXTS: Final[dict[str, Text]] = {
    **general.TEXTS,
    **conditions.TEXTS,
    **scores.TEXTS,
    **ways.TEXTS,
    **explain.TEXTS,
    **slas.TEXTS,
    **note.TEXTS,
}
