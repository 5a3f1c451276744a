"""What the platform engineer publishes once, so that Studio can create projects."""
