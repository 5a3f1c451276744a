"""The operating system: programs that are started, limited in number and time, and stopped."""
