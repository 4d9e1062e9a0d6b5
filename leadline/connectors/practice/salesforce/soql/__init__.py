"""SOQL: grammar, syntax tree, compilation to closures, and running over the store."""
