"""Hosting: the servers of models behind endpoints, and requests to them."""
