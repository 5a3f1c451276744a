"""Tracking of executions behind one small interface; imports nothing else of this project."""
