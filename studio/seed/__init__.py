"""What runs in CodeBuild for a project: it is generated, or is offered a newer template."""
