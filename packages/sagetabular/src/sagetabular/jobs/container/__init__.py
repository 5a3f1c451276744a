"""The programs of the image that trains: script mode, and the classic contract."""
