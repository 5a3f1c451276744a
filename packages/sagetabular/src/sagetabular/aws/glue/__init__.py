"""Tables in Glue's catalogue, which is what Athena reads."""
