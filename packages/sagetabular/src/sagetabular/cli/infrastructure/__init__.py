"""Commands of the project's infrastructure."""
