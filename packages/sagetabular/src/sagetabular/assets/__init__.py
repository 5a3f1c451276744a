"""What travels beside the definition: code, settings, query; each under a key of its content.

The same content gives the same key, so an upload can be skipped when the key exists, and
SageMaker's step cache sees a change exactly when there is one.
"""
