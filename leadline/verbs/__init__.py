"""The verbs that came after the first ones, a module each. ``cli`` registers them; nothing is decided here."""
