"""The section of one model: its search, its predictions, its columns."""
