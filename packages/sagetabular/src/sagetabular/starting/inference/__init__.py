"""What a table suggests: types, task, metric, split, gate, and what is left out."""
