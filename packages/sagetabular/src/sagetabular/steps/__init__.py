"""How SageMaker is asked, one module per kind of step; `jobs/` has what then runs, named alike."""
