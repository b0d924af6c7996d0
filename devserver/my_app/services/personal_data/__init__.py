"""Personal data in a text, found by rules on this machine before the text leaves it."""

from .finding import KINDS, PersonalDatum, find_personal_data, without_personal_data

__all__ = ["KINDS", "PersonalDatum", "find_personal_data", "without_personal_data"]
