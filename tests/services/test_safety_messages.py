from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.safety_messages import SafetyCode, load_safety_messages
from devserver.my_app.services.schema_files import SchemaFileInvalid

FILE = PROJECT_FOLDER / "devserver" / "schemas" / "safety_messages.json"


def test_there_is_a_message_for_every_reason_in_both_languages() -> None:
    messages = load_safety_messages(FILE)
    assert set(messages) == set(get_args(SafetyCode))
    told = [text for message in messages.values() for text in (message.de, message.en)]
    assert len(set(told)) == 2 * len(messages)


def test_each_is_short_enough_to_be_read_by_a_child() -> None:
    for message in load_safety_messages(FILE).values():
        for text in (message.de, message.en):
            sentences = [part for part in text.replace("!", ".").split(".") if part.strip()]
            assert len(sentences) >= 2  # what happened, and what to try next
            assert max(len(sentence.split()) for sentence in sentences) <= 26


@pytest.mark.parametrize("fault", ["missing", "unknown", "one language"])
def test_a_file_without_one_of_them_is_refused(tmp_path: Path, fault: str) -> None:
    document = json.loads(FILE.read_text("utf-8"))
    if fault == "missing":
        del document["messages"]["guard"]
    elif fault == "unknown":
        document["messages"]["gaurd"] = document["messages"]["guard"]
    else:
        del document["messages"]["guard"]["en"]
    path = tmp_path / "safety_messages.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SchemaFileInvalid, match=r"safety_messages\.json"):
        load_safety_messages(path)
