"""Migrations of the state store, shipped with the package and run by ``open_store``."""
