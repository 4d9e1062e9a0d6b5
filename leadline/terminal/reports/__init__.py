"""How reports look: each is told once, as tables with their headings; a terminal prints them, a page adds charts."""
