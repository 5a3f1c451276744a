"""Readers of the configurations of system 003: one tuning job, and how its model is hosted."""
