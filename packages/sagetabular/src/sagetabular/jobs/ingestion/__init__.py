"""Sources of rows: Athena, the local lake, files; and what their query means."""
