"""Read the YAML files of dynamic-sagemaker-pipelines-framework."""
