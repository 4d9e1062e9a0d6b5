"""The state store: SQLite by default, PostgreSQL by URL; one schema, migrated when it is opened."""

from leadline.sync.store.opening import Store, open_store

__all__ = ["Store", "open_store"]
