"""Findings about what keeps a project from running, here and on AWS, each with its remedy."""
