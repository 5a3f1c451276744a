"""The same in DuckDB's SQL."""
