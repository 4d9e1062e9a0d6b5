"""SLAs beside the fold: their timers as rows, who owned people, what became of promises and who lost the minutes."""
