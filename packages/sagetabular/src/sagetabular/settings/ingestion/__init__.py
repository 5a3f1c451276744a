"""The section `data` of `conf/pipeline.yaml`."""
