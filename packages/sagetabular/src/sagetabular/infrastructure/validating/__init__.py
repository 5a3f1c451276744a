"""What can be found wrong with a template without AWS."""
