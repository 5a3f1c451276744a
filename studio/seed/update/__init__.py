"""The parts of an update: the record, cruft, the words, the pull request."""
