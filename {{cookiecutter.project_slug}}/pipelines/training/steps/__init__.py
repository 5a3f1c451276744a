"""How SageMaker is asked: one module per kind of step; `jobs/` holds what then runs, under the same names."""
