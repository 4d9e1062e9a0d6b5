"""A rule book over files by partitions of accounts: one function a partition, run here or on Spark, in passes.

A partition holds whole accounts, so it can be evaluated alone. What needs everybody at once (places under a capacity)
is given out between two passes, and comes into the next one as facts of who got a place.
"""
