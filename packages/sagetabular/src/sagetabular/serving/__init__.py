"""The server of a fitted model, the way SageMaker calls it: `python -m sagetabular.serving`.

Requests become matrices (`bodies`), matrices become predictions (`model`), predictions become
answers (`answers`); `app` does all that for one request. A `connection` makes requests of bytes,
`worker` is the process with all of them, and `server` the one that keeps the workers.
"""
