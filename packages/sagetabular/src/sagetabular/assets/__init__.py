"""Files that travel beside the definition: code, settings, query; each keyed by content.

The same content gives the same key, so an upload can be skipped when the key exists, and
SageMaker's step cache sees a change exactly when there is one.
"""
