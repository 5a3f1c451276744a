"""The templates' stacks: what would change, deploying, removing."""
