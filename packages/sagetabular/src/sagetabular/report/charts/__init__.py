"""What a report draws, knowing nothing of executions."""
