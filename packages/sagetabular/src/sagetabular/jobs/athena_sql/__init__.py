"""Athena's SQL, which is Trino's: what it means, what it refuses, and how DuckDB says the same."""
