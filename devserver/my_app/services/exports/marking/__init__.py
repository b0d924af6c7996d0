"""Copies of media that say that AI made them."""

from .copies import mark_picture, mark_run, marked_copy, marked_etag
from .said import DETAILS, MARKING_VERSION, Detail, Marking, is_by_model, marking_of
from .splice import MarkingNotPossible, SplicedFile

__all__ = [
    "DETAILS",
    "MARKING_VERSION",
    "Detail",
    "Marking",
    "MarkingNotPossible",
    "SplicedFile",
    "is_by_model",
    "mark_picture",
    "mark_run",
    "marked_copy",
    "marked_etag",
    "marking_of",
]
