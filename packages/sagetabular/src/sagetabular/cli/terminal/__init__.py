"""Tables, texts and progress that commands print."""
