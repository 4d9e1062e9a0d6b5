"""What runs leave behind for who watches them: log, metrics, health file, alerts; nothing of it is personal."""
