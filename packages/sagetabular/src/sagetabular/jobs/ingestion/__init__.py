"""Where rows come from: Athena, the local lake, files; and what their query means."""
