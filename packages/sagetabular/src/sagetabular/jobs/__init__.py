"""What runs inside the jobs, one module per kind of step."""
