"""The server of a fitted model, the way SageMaker calls it: `python -m pipelines.serving`.

Requests become matrices (`bodies`), matrices become predictions (`model`), predictions become
answers (`answers`); `app` is what speaks HTTP, `supervisor` and
`worker` the processes that do.
"""
