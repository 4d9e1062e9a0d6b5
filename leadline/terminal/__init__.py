"""Terminal: how results look on a screen and as JSON. Nothing is decided here."""
