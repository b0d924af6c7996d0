"""Letters that look like Latin ones, and the Latin letter each looks like.

Written by hand after the shapes; the ranges and what NFKC already resolves (full width,
mathematical, circled and superscript letters) are those of the Unicode Standard.
"""

from __future__ import annotations

_CYRILLIC = {
    "аА": "a", "вВЬьъ": "b", "сС": "c", "ԁԀ": "d", "еЕёЁєЄэЭ": "e", "гГ": "r", "ғ": "f",
    "нНһҺ": "h", "іІїЇ": "i", "јЈ": "j", "кКқҚ": "k", "ӏ": "l", "мМ": "m", "пПйЙиИ": "n",
    "оОфӨө": "o", "рР": "p", "ԛԚ": "q", "яЯ": "r", "ѕЅ": "s", "тТ": "t", "цЦ": "u",
    "ѵѴ": "v", "ԝԜшШщЩ": "w", "хХ": "x", "уУүҮ": "y", "зЗ": "3", "ӧӦ": "ö", "ӓӒ": "ä", "ӱӰ": "ü",
}  # fmt: skip
_GREEK = {
    "αΑάΆ": "a", "βΒ": "b", "ϲϹς": "c", "δ": "d", "εΕέΈξΣ": "e", "Η": "h", "η": "n", "ιΙίΊϊ": "i",
    "κΚ": "k", "Λλ": "l", "μΜ": "m", "νΝ": "v", "οΟόΌσθΘ": "o", "ρΡ": "p", "τΤ": "t",
    "υΥύΎ": "u", "ωώψ": "w", "χΧ": "x", "γ": "y", "ζΖ": "z",
}  # fmt: skip
_LATIN = {
    "ɑɐᴀªⱥȺ": "a", "ʙɓƀƁ": "b", "ᴄƈɔↄ": "c", "ᴅđĐɖɗð": "d", "ᴇɛǝəɇ": "e", "ꜰƒ": "f",
    "ɢɡǥ": "g", "ʜħĦɦ": "h", "ıɪɩɨɫ": "i", "ᴊɉ": "j", "ᴋƙ": "k", "ʟłŁƚɭ": "l", "ᴍɱ": "m",
    "ɴŋɲƞ": "n", "ᴏ": "o", "øØőŐœŒ": "ö", "ᴘƥ": "p", "ʀɾɽɍ": "r", "ꜱʂſ": "s", "ᴛŧŦƫʈ": "t",
    "ᴜʉµ": "u", "űŰ": "ü", "ᴠʋ": "v", "ᴡɯ": "w", "ʏɏƴ": "y", "ᴢƶʐ": "z", "æÆ": "ä", "ẞ": "ß",
}  # fmt: skip
_SIGNS = {"¡": "!", "¢": "c", "£": "l", "¥": "y", "§": "s", "©": "c", "®": "r", "¦": "|"}
_TURNED = {
    "ɐ": "a", "ɟ": "f", "ƃ": "g", "ɥ": "h", "ᴉ": "i", "ʞ": "k", "ʃ": "l", "ɹ": "r", "ʇ": "t",
    "ʌ": "v", "ʍ": "w", "ʎ": "y",
}  # fmt: skip
_ARMENIAN_AND_OTHERS = {"օ": "o", "ո": "n", "ս": "u", "հ": "h", "ց": "g", "ꓳ": "o", "੦": "o"}
# Regional indicators, squared and negative circled or squared letters have no NFKC form.
_ALPHABETS = (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)


def _table() -> dict[str, str]:
    table = {
        like: letter
        for shapes in (_CYRILLIC, _GREEK, _LATIN, _SIGNS, _TURNED, _ARMENIAN_AND_OTHERS)
        for likes, letter in shapes.items()
        for like in likes
    }
    for first in _ALPHABETS:
        table |= {chr(first + n): chr(ord("a") + n) for n in range(26)}
    return table


LOOK_ALIKES = _table()
