"""The type of texts that have passed the gate.

Whatever hands a text to a model or makes media of it takes a `CheckedText`, and `safety_gate.py` is
the only place that makes one (a test sees to that). So a new path that forgets the gate does not
pass the type check.
"""

from __future__ import annotations

from typing import NewType

CheckedText = NewType("CheckedText", str)
