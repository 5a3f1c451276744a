"""Batch transform: records cut from objects, sent to the server of a model, and joined again."""
