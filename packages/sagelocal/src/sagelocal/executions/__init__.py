"""Pipeline executions: their directories, and what a later one may take from an earlier one."""
