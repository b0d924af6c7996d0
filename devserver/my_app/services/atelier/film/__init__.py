"""The paper picture of a text comes alive for some seconds: a small film, without any model."""

from .film import make_film

__all__ = ["make_film"]
