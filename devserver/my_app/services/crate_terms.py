"""Under which terms runs are kept and passed on: the licence, and who answers for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_CREATIVE_COMMONS = re.compile(
    r"CC[ -](BY(?:-(?:SA|NC|ND|NC-SA|NC-ND))?)[ -](\d\.\d)", re.IGNORECASE
)
_CC0 = re.compile(r"CC0(?:[ -]1\.0)?", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s\"<>\\^`{|}]+")

Entity = dict[str, Any]


@dataclass(frozen=True)
class CrateTerms:
    """What a crate says that no run can know of itself.

    licence: an address, the short name of a Creative Commons licence, or a sentence; None when
    nobody has chosen one. organisation: who publishes the runs. organisation_url: its page.
    """

    licence: str | None = None
    organisation: str | None = None
    organisation_url: str | None = None

    def licence_entity(self) -> Entity:
        """The licence of a whole crate; without one it says just that, and what follows from it."""
        if self.licence is None:
            return {
                "@id": "#no-licence",
                "@type": "CreativeWork",
                "name": "No licence has been chosen",
                "description": "Whoever keeps this has given no licence for it. Ask them before "
                "you pass it on or publish it. Single files may name a licence of their own.",
            }
        return licence_entity(self.licence, "#licence")

    def organisation_entity(self) -> Entity | None:
        """Who publishes; None when nobody was named."""
        if self.organisation is None:
            return None
        about = {"@type": "Organization", "name": self.organisation}
        if self.organisation_url is None:
            return {"@id": "#organisation", **about}
        return {"@id": self.organisation_url, **about, "url": self.organisation_url}


def licence_entity(licence: str, own_id: str) -> Entity:
    """A licence as an entity, by its address where it has one, else under `own_id`.

    Knows the short names of Creative Commons licences ("CC BY-SA 4.0", "CC0").
    """
    text = licence.strip()
    address = text if _ADDRESS.fullmatch(text) else own_id
    if found := _CREATIVE_COMMONS.fullmatch(text):
        kind, version = found.group(1).lower(), found.group(2)
        address = f"https://creativecommons.org/licenses/{kind}/{version}/"
    elif _CC0.fullmatch(text):
        address = "https://creativecommons.org/publicdomain/zero/1.0/"
    return {
        "@id": address,
        "@type": "CreativeWork",
        "name": text,
        "description": f"The licence: {text}",
    }
