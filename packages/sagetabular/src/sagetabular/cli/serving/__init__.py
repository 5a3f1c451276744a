"""Commands of the registry and of the model server."""
