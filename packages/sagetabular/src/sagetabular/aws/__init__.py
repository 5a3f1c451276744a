"""AWS: what the commands ask of it."""
