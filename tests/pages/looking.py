"""Looking at pages as text: whole, and asking nobody for anything."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input", "line", "circle", "rect", "polyline", "path"}


class Balanced(HTMLParser):
    """Collects the tags and texts of a page, and fails on a tag that is not closed in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action", "xlink:href"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last."""
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.said.append(data)


def whole(text: str) -> Balanced:
    """Return a page that is balanced, asks nobody for anything and runs no script."""
    page = Balanced()
    page.feed(text)
    assert page.open == []
    assert not {"script", "iframe", "object", "embed", "form"} & set(page.tags)
    assert page.links == []
    assert "url(" not in text
    return page
