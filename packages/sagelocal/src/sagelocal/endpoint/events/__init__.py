"""Events: what the service says to EventBridge when something changes."""
