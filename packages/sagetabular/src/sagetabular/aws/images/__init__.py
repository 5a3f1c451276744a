"""Container images: built, named by their content, pushed."""
