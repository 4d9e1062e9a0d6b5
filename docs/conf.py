"""How `make docs` makes the pages under ``docs/`` into a site. Sphinx reads Markdown; every warning is an error."""

from importlib.metadata import version as installed

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = "Leadline"
author = "The Leadline developers"
version = release = installed("leadline")

extensions = ["myst_parser"]
myst_heading_anchors = 6  # as GitHub makes them, so that one link is right in both places
suppress_warnings = ["myst.xref_ambiguous"]
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = "Leadline"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"footer_icons": []}
pygments_style = "friendly"


def setup(app: Sphinx) -> None:
    """Show CSV as it is: no lexer knows it."""
    app.add_lexer("csv", TextLexer)
