"""Asking language models: one port, one file per kind of server."""
