"""One reader of tables, for `data add`, Ingest, Preprocess, `predict` and the server.

`names`, `values` and `records` need the standard library alone, so that the server stays light; the
others read whole files with pyarrow.
"""
