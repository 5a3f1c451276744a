"""The local lake: the tables that replace Athena's, and where they come from."""
