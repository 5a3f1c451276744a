"""The server of a fitted model, the way SageMaker calls it: `python -m pipelines.serving`.

Requests become matrices (`bodies`), matrices become predictions (`model`), predictions become
answers (`answers`); `app` is what speaks HTTP, `workers` and `server` the processes that do.
"""
