"""How SageMaker is asked for a model's steps."""
