"""Readers of the configurations of system 002: pipelines described in YAML."""
