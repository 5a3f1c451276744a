"""The bundle: all that CodeBuild needs to generate a project without network and template."""
