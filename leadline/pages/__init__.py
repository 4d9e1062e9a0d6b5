"""Pages: one self-contained HTML file for each report. ``shell`` and ``charts`` are for every page."""
