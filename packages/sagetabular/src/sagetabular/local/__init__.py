"""Runs of the compiled definition on this machine, and what they read and found."""
