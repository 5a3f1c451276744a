"""The command that begins a project with a table, and the offer of it."""
