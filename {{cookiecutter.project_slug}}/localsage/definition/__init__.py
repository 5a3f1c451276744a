"""The pipeline definition, as the service reads it: JSON in, checked steps and values out."""
