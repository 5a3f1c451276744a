"""S3 on this machine: objects below a folder, and the archives that jobs exchange."""
