"""Lambdas of `studio/`: one self-contained file each, for AWS's runtime."""
