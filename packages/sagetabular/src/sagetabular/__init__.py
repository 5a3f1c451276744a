"""Tabular models on SageMaker. This file travels into every job: it imports and names nothing."""
