"""What keeps a project from running, here and on AWS: each finding with its remedy."""
