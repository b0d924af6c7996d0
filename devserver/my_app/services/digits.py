"""Whole numbers as clients and people write them."""

from __future__ import annotations


def number_within(said: str, lowest: int, highest: int) -> int | None:
    """The number written in plain digits, zeros before it or not; None when it is none within."""
    if not (said.isascii() and said.isdigit()):
        return None
    digits = said.lstrip("0") or "0"
    # Looked at first, since thousands of digits are not for Python to read.
    if len(digits) > len(str(highest)):
        return None
    number = int(digits)
    return number if lowest <= number <= highest else None
