"""A faster start for the trials of a tuning step: each is a fork of a server that has imported."""
