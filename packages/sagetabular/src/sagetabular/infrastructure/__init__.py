"""The project's CloudFormation templates: read, completed, validated, deployed and removed."""
