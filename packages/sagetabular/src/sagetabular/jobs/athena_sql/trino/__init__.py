"""What Trino has: types, functions, and how these are called."""
