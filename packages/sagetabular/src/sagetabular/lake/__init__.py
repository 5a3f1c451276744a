"""The local lake: the tables that stand in for Athena's, and where they come from."""
