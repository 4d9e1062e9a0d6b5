"""Back ends that decide stage moves from truth vectors; durable_rules decides, the oracle checks."""
