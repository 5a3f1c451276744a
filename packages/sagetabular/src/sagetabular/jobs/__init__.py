"""Programs that run inside the jobs, one module per kind of step."""
