"""The table that a project begins with: its files, its columns, their names."""
