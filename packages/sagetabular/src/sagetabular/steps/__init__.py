"""Requests to SageMaker, by kind of step; `jobs/` has the programs that then run."""
