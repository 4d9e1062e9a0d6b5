"""Rules: reading a rule book, its meaning, decisions and their explanation. Pure: no I/O, no clock."""
