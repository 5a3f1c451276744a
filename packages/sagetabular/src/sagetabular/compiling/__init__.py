"""A project's files → the checked definition and its assets."""
