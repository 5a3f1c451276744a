"""Automatic Model Tuning: searches, their trials, and when either of them ends."""
