"""The state as tables for a warehouse: people by bucket of accounts, ledgers by month, Parquet or CSV."""

from leadline.history.warehouse.exporting import Exported, Options, export_state

__all__ = ["Exported", "Options", "export_state"]
