"""Tests of the template itself; the generated project brings its own."""
