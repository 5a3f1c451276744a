"""Configurations of other frameworks → `conf/` and `models/` of this project."""
