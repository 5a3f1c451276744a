"""Requests to SageMaker for the steps of models."""
