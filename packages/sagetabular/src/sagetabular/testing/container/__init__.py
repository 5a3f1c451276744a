"""The contract of the container: what SageMaker asks of `train` and `serve`, as tests."""
