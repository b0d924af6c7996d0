"""A text as a paper theatre in three dimensions, to be turned with a finger."""

from .make import make_object

__all__ = ["make_object"]
