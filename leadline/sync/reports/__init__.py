"""Reports over what was decided: people are read one after another, never all at once."""
