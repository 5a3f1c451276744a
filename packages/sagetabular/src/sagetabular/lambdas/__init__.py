"""Code of the project's AWS Lambda functions: one self-contained file each, inlined when deployed."""
