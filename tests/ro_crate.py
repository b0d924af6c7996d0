"""Judging RO-Crates as others do: with roc-validator, offline."""

from __future__ import annotations

import json
import re
import warnings
from importlib import resources
from pathlib import Path
from typing import Literal

import responses
from rocrate_validator import models, services

PROCESS_RUN_CRATE = "process-run-crate"
RO_CRATE = "ro-crate-1.1"
Severity = Literal["REQUIRED", "RECOMMENDED"]


def issues_of(
    folder: Path, profile: str = PROCESS_RUN_CRATE, severity: Severity = "REQUIRED"
) -> list[str]:
    """What roc-validator finds wrong with the crate in `folder`; any look outside is refused.

    The context of RO-Crate is the one that the package `rocrate` brings along: a later one, in
    which all that 1.1 has means the same.
    """
    context = json.loads((resources.files("rocrate") / "data" / "ro-crate.jsonld").read_text())
    with (
        warnings.catch_warnings(),
        responses.RequestsMock(assert_all_requests_are_fired=False) as net,
    ):
        warnings.simplefilter("ignore", DeprecationWarning)  # of rdflib, which it uses
        net.get(
            re.compile("https://w3id.org/ro/crate/1.1/context"),
            json=context,
            content_type="application/ld+json",
        )
        settings = services.ValidationSettings(
            rocrate_uri=str(folder),
            profile_identifier=profile,
            requirement_severity=models.Severity[severity],
            no_cache=True,
        )
        result = services.validate(settings)
    return sorted(f"{issue.message} ({issue.violatingEntity})" for issue in result.get_issues())
