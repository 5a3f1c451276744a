"""Processing and Training jobs: the inside of their containers, their hosts, and how they run."""
