"""Code of the project's Lambdas: one self-contained file each, inlined when deployed."""
