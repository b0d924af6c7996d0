"""Word lists: what a text must not hold at a safety level, however it is dressed up."""

from .matcher import Hit, WordLists
from .word_lists import Category

__all__ = ["Category", "Hit", "WordLists"]
