"""Pipelines, executions, models and endpoints of SageMaker."""
