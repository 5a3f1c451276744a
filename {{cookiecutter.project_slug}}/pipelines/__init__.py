"""The project's pipelines: what users may read and change."""
