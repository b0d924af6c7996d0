from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

import pytest

from devserver.my_app.services.live_schema_files import LiveSchemaFiles
from devserver.my_app.services.schema_files import SchemaFile, SchemaFileInvalid


class Note(SchemaFile):
    text: str


def write(folder: Path, name: str, text: str) -> None:
    """Write beside and replace, as editors do."""
    beside = folder / f".{name}.new"
    beside.write_text(text, encoding="utf-8")
    beside.replace(folder / f"{name}.json")


def note(text: str) -> str:
    return f'{{\n"text": "{text}"\n}}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b", "a"):
        write(tmp_path, name, note(name))
    return tmp_path


@pytest.fixture
def notes(folder: Path) -> LiveSchemaFiles[Note]:
    return LiveSchemaFiles(folder, Note, leave_out=".workflow.json", look_seconds=0)


def test_it_is_a_mapping_in_the_order_of_the_ids(notes: LiveSchemaFiles[Note]) -> None:
    assert list(notes) == ["a", "b"]
    assert [note.id for note in notes.values()] == list(notes.keys())
    assert dict(notes.items()) == dict(notes.now())
    assert ("a" in notes, "c" in notes, len(notes)) == (True, False, 2)
    with pytest.raises(KeyError):
        notes["c"]


def test_new_changed_and_removed_files_are_seen(folder: Path, notes: LiveSchemaFiles[Note]) -> None:
    held = notes["a"]
    write(folder, "a", note("changed"))
    write(folder, "c", note("new"))
    (folder / "b.json").unlink()
    assert {name: note.text for name, note in notes.items()} == {"a": "changed", "c": "new"}
    assert held.text == "a"


def test_what_did_not_change_is_not_read_again(folder: Path, notes: LiveSchemaFiles[Note]) -> None:
    untouched = notes["b"]
    assert notes.now() is notes.now()
    write(folder, "a", note("changed"))
    assert notes["b"] is untouched


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ('{\n"text": 5\n}', "a.json, line 2: text: Input should be a valid string"),
        ('{\n\n"text"', "a.json, line 3: This is not JSON"),
        ("", "a.json, line 1: This is not JSON"),
    ],
)
def test_the_last_good_version_stays_and_the_fault_is_logged_once(
    folder: Path,
    notes: LiveSchemaFiles[Note],
    caplog: pytest.LogCaptureFixture,
    broken: str,
    fault: str,
) -> None:
    caplog.set_level(logging.WARNING)
    write(folder, "a", broken)
    for _ in range(5):
        assert notes["a"].text == "a"
    assert [record.getMessage() for record in caplog.records] == [
        f"{notes.faults()['a.json']} The version before stays in use."
    ]
    assert caplog.records[0].getMessage().startswith(fault)
    write(folder, "b", note("other"))
    assert list(notes.faults()) == ["a.json"]  # still wrong, while others change
    assert notes["a"].text == "a"
    write(folder, "a", note("repaired"))
    assert notes["a"].text == "repaired"
    assert not notes.faults()


def test_a_new_file_that_is_wrong_is_left_out(
    folder: Path, notes: LiveSchemaFiles[Note], caplog: pytest.LogCaptureFixture
) -> None:
    write(folder, "c", "[]")
    write(folder, "Big", note("x"))
    assert list(notes) == ["a", "b"]
    assert set(notes.faults()) == {"c.json", "Big.json"}
    assert caplog.text.count("It is left out.") == 2
    (folder / "c.json").unlink()
    assert set(notes.faults()) == {"Big.json"}


def test_a_broken_file_that_is_removed_is_gone(folder: Path, notes: LiveSchemaFiles[Note]) -> None:
    write(folder, "a", "{")
    assert notes["a"].text == "a"
    (folder / "a.json").unlink()
    assert list(notes) == ["b"]


def test_what_editors_and_workflows_leave_there_is_passed_over(
    folder: Path, notes: LiveSchemaFiles[Note]
) -> None:
    for name in (".a.json", "._b.json", "a.json~", "a.json.swp", "a.workflow.json"):
        (folder / name).write_text("{", encoding="utf-8")
    (folder / "link.json").symlink_to(folder / "nowhere")
    assert list(notes) == ["a", "b"]
    assert not notes.faults()


def test_at_the_start_a_broken_file_stops_everything(folder: Path) -> None:
    write(folder, "a", "{")
    with pytest.raises(SchemaFileInvalid, match=r"a\.json, line 1: This is not JSON"):
        LiveSchemaFiles(folder, Note)


def test_a_folder_that_is_gone_for_a_while_keeps_its_files(
    folder: Path, notes: LiveSchemaFiles[Note], caplog: pytest.LogCaptureFixture
) -> None:
    away = folder.with_name("away")
    folder.rename(away)
    assert list(notes) == ["a", "b"]
    assert notes["a"].text == "a"
    assert caplog.text.count("what was read stays in use") == 1
    away.rename(folder)
    write(folder, "a", note("back"))
    assert notes["a"].text == "back"


def test_the_same_size_and_time_in_another_file_is_seen(
    folder: Path, notes: LiveSchemaFiles[Note]
) -> None:
    before = (folder / "a.json").stat()
    write(folder, "a", note("z"))
    os.utime(folder / "a.json", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert notes["a"].text == "z"


def test_many_readers_while_files_change(folder: Path, notes: LiveSchemaFiles[Note]) -> None:
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            now = notes.now()
            wrong.extend(name for name in ("a", "b") if name not in now)
            wrong.extend(n for name, n in notes.items() if n.id != name or not n.text)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    seen = []
    for number in range(60):
        write(folder, "a", note(f"text {number}"))
        seen.append(notes["a"].text)
        write(folder, "a", "{")
        seen.append(notes["a"].text)
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert seen == [f"text {number}" for number in range(60) for _ in range(2)]
    assert "a.json" in notes.faults()


def test_between_two_looks_the_folder_is_left_alone(folder: Path) -> None:
    files = LiveSchemaFiles(folder, Note, look_seconds=3600)
    known = dict(files)
    write(folder, "another", note("x"))
    assert dict(files) == known
