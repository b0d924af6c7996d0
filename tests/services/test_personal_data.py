"""Personal data: what is found, what isn't, and what the text is without it."""

from __future__ import annotations

import sys
import unicodedata
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.personal_data import (
    KINDS,
    PersonalDatum,
    find_personal_data,
    without_personal_data,
)
from devserver.my_app.services.personal_data.words import KnownWords
from devserver.my_app.services.schema_files import load_schema_file

DATA = PROJECT_FOLDER / "tests" / "data" / "safety"
HARMLESS = [
    line
    for name in ("harmless_frozen.txt", "harmless_more.txt")
    for line in (DATA / name).read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
CLASS = ["Lena Müller", "Özgür", "Jörg", "Zoë", "Schmidt, Mia", "Anna-Lena", "Max", "Kovač", "Li"]

# What stands between ⟦ and ⟧ is to be found, and nothing else.
FOUND: dict[str, list[str]] = {
    "phone": [
        "Ruf mich an: ⟦0721 123456⟧",
        "Meine Nummer ist ⟦0171-1234567⟧ und ich mag Drachen",
        "⟦0171/1234567⟧",
        "Hallo (⟦0171 1234567⟧)",
        "Das Telefon klingelt: ⟦(030) 1234567⟧.",
        "⟦+49 171 1234567⟧",
        "Schreib mir auf ⟦+49(0)721-12 34 56⟧",
        "⟦0049 721 123456⟧ ist mein Papa",
        "⟦01761234567⟧",
        "Ein Hund mit der Nummer ⟦030/1234567⟧ am Halsband",
        "Meine Handynummer ist ⟦17612345⟧",
        "Handynummer: ⟦176 123 456⟧",
        "Oma hat Telefon ⟦45678⟧",
        "Call me at ⟦555-123-4567⟧",
        "My number is ⟦5551234⟧",
        "⟦(555) 123-4567⟧ is the phone of my dad",
        "⟦+1 555 123 4567⟧",
        "Phone: ⟦020 7946 0958⟧",
        "A dragon calls ⟦07700 900123⟧",
        "Ruf mich unter ⟦4711234⟧ an",
        "⟦079 123 45 67⟧ in der Schweiz",
        "⟦01 42 68 53 00⟧",
        "⟦0171 1234567⟧ ⟦0172 7654321⟧",
        "⟦0171 1234567⟧ (⟦0172 7654321⟧)",
    ],
    "email": [
        "Schick das Bild an ⟦lena.mueller@web.de⟧!",
        "⟦lena_2014+kunst@mail.example.org⟧",
        "Meine Mail: ⟦max@schule-nord.karlsruhe.de⟧.",
        "⟦lena @ web.de⟧",
        "⟦lena (at) web.de⟧",
        "⟦lena[at]web[dot]de⟧",
        "⟦lena at gmail dot com⟧ is my mail",
        "⟦lena ät web punkt de⟧",
        "⟦MAX@WEB.DE⟧",
        "⟦jörg@müller.de⟧",
    ],
    "handle": [
        "Folgt ⟦@lena_malt⟧ auf der Seite",
        "⟦@max.2014⟧",
        "Mein Instagram ist ⟦lena_2014⟧",
        "Snapchat: ⟦drache.77⟧",
        "schreib mir auf insta ⟦lena.malt.gern⟧",
        "mein tiktok name ist ⟦lena_tanzt12⟧",
        "roblox name: ⟦xXLenaXx99⟧",
        "discord=⟦lena#1234⟧",
        "Schau auf ⟦https://www.instagram.com/lena_malt⟧ nach",
        "⟦tiktok.com/@lena.malt⟧",
        "⟦scratch.mit.edu/users/lena2014⟧",
        "⟦youtube.com/c/lenamalt⟧",
    ],
    "address": [
        "Ich wohne in der ⟦Bergstraße 12⟧",
        "Unser Haus steht in der ⟦Bergstraße 12a⟧.",
        "⟦Bergstr. 12⟧",
        "⟦Hauptstr.12⟧",
        "⟦Karl-Marx-Str. 5⟧",
        "⟦Lange Straße 7⟧ und ein Baum",
        "⟦Bergstrasse Nr. 5⟧",
        "⟦BERGSTRASSE 5⟧",
        "⟦Kastanienallee 77⟧, da steht mein Haus",
        "⟦Rosenweg 3⟧",
        "⟦Schillerplatz 10 b⟧",
        "⟦Mozartgasse 2 in Wien⟧",
        "⟦Bergstraße 12-14⟧",
        "⟦Bergstraße 12, 76137 Karlsruhe⟧",
        "⟦Bergstraße 12\n76137 Karlsruhe⟧",
        "⟦Bergstraße 12 in Karlsruhe⟧ ist bunt",
        "⟦76137 Karlsruhe⟧",
        "Ein Brief nach ⟦D-50667 Köln⟧",
        "Ich wohne ⟦Am Zwinger 4⟧",
        "Meine Adresse ist ⟦Unter den Linden 5⟧",
        "Ich wohne ⟦Lindenring 8⟧",
        "Ich wohne in ⟦99999 Kleinkleckersdorf⟧",
        "I live at ⟦10 Downing Street⟧",
        "⟦221b Baker Street⟧ London",
        "My address is ⟦5 Maple Drive⟧",
        "i live at ⟦5 old mill lane⟧",
        "⟦12 Oak Ave⟧.",
        "⟦7 Rose Gardens⟧",
        "ich wohne ⟦bergstraße 12⟧",
    ],
    "introduced_name": [
        "Ich heiße ⟦Lena Müller⟧ und mag Pferde",
        "ich heiße ⟦lena⟧ und mag pferde",
        "ich heisse ⟦lena müller⟧",
        "ICH HEISSE ⟦LENA⟧ UND MAG PFERDE",
        "Ich heise ⟦Kevin⟧ ein Drache",
        "Ich heiße übrigens ⟦Wendelgard⟧!",
        "Hallo, ich heiße: ⟦Tom⟧",
        "Ich heiße „⟦Tom⟧“",
        "Jetzt heiße ich ⟦Lena⟧",
        "⟦Lena⟧ heiße ich",
        "Mein Name ist ⟦Anna-Lena van Berg⟧",
        "Mein Name ist Frau ⟦Schulze⟧",
        "mein vorname ist ⟦Özgür⟧",
        "⟦Lena Müller⟧ ist mein Name",
        "Name: ⟦Lena Müller⟧",
        "Ich bin die ⟦Lena⟧ und male gern",
        "Ich bin der ⟦Tim⟧.",
        "Ich bin ⟦Lena⟧.",
        "ich bin ⟦lena⟧, 9 jahre",
        "Hier ist ⟦Paul Weber⟧ aus der 4b",
        "Mein Bruder heißt ⟦Torben⟧",
        "Meine Lehrerin heißt Frau ⟦Sommerfeld⟧",
        "Meine Freundin ⟦Zeynep⟧ tanzt",
        "Viele Grüße von ⟦Emma⟧",
        "Nennt mich ⟦Max⟧!",
        "My name is ⟦Tom Smith⟧ and I like cats",
        "my name's ⟦emily⟧",
        "Hi, I'm ⟦Emily⟧",
        "I’m called ⟦Oluwaseun Adeyemi⟧",
        "I am ⟦Jacob⟧ and I draw",
        "My first name is ⟦Sue⟧",
        "My brother's name is ⟦Dave⟧",
        "My sister is called ⟦Fen⟧",
        "My friend ⟦Aisha⟧ and a robot",
        "Call me ⟦Joey⟧.",
        "Ich heiße ⟦Ole⟧",
        "Ich heiße ⟦Ayşe Yılmaz⟧",
        "Ich heiße ⟦Анна⟧",
        "Mein bester Freund heißt ⟦Luis⟧",
        "my little brother is ⟦Noah⟧",
        "ich bins der ⟦Jonas⟧",
        "hi im ⟦tom⟧",
        "Das bin ich, ⟦Emma⟧",
        "Mein Name lautet Prof. Dr. ⟦Hans Meier⟧",
        "Meine Lehrerin Frau ⟦Schmidt⟧ ist ein Drache",
        "Herr ⟦Weber⟧ aus der 5b",
        "Male Frau Dr. ⟦Meier⟧ als Hexe",
        "Mr. ⟦Smith⟧ on the moon",
        "My name is ⟦O'Connor⟧",
        "⟦Lena⟧, 9 Jahre, malt",
        "A cat by ⟦Lena Miller⟧ (9)",
    ],
    "user_id": [
        "Das ist von ⟦lena_kovac7⟧.",
        "⟦LENA KOVAC7⟧ war es, ⟦lena.kovac7⟧",
        "⟦Lena⟧ reitet auf einem Drachen",
    ],
    "class_name": [
        "⟦Lena⟧ reitet auf einem Drachen",
        "⟦lena müller⟧ fliegt",
        "⟦LENA⟧ singt",
        "⟦Lena⟧s Hund trägt einen Hut",
        "⟦Lena⟧'s dog",
        "⟦Max⟧’ Hund und ⟦Max⟧",
        "Der kleine ⟦Joerg⟧",
        "⟦JÖRG⟧ und ⟦Jorg⟧",
        "⟦Zoe⟧ im Zoo",
        "⟦Oezguer⟧ spielt mit ⟦özgür⟧",
        "⟦Mia Schmidt⟧ und ⟦Schmidt Mia⟧",
        "⟦Mia⟧ malt",
        "⟦Anna Lena⟧ und ⟦Anna-Lena⟧",
        "⟦Kovac⟧ im Tor",
        "⟦Li⟧ liest",
    ],
    "iban": [
        "Konto ⟦DE89 3704 0044 0532 0130 00⟧ ist meins",
        "⟦DE89370400440532013000⟧",
        "⟦gb82 west 1234 5698 7654 32⟧",
    ],
    "card": [
        "⟦4111 1111 1111 1111⟧",
        "Karte ⟦5500-0000-0000-0004⟧!",
        "⟦4111 1111 1111 1111⟧ 12/27 123",
        "⟦378282246310005⟧",
    ],
}
CASES = [(kind, marked) for kind, all_marked in FOUND.items() for marked in all_marked]

NOTHING = [
    # numbers
    "100 Luftballons",
    "im Jahr 2500",
    "7 Zwerge und 3 mal 4 Äpfel",
    "Haus Nummer 5",
    "Ein Haus mit der Nummer 12345",
    "1000000 Sterne und 10 000 000 Ameisen",
    "Ein Turm aus 1000000000000 Steinen",
    "Am 01.02.2015 war ein Fest, am 24.12.2025 auch",
    "Geboren am 2015-02-01",
    "08.05.1945 - 08.05.2025",
    "0123456789",
    "0 1 2 3 4 5 6 7 8 9",
    "01 02 03 04 05 06 07",
    "9876543210 Start",
    "Der Roboter sagt 0101010101010",
    "Um 08:30 Uhr bis 12:45 Uhr",
    "Es kostet 12.345,67 Euro",
    "3,14159265358979",
    "0.12345678",
    "Die Nummer 112 für die Feuerwehr und 116 111 gegen Kummer",
    "Ein Telefon aus 1000000 Steinen",
    "Agent 007 fährt mit 200 km/h",
    "Die Fläche ist 300 x 400 und 1920x1080",
    "4444444444444444 Ameisen",
    "4111 1111 1111 1112",
    "DE89 3704 0044 0532 0130 01",
    "Rechnung 100-20-30",
    "Eins, zwei, drei, vier, fünf, sechs, sieben",
    "10000 Luftballons über Karlsruhe",
    "10000 Essen für alle",
    "12345 Sterne",
    # places
    "Auf der Hauptstraße 3 Autos",
    "Auf dem Spielplatz 5 und dem Parkplatz 7",
    "Ein Hering 5 Euro",
    "Auf dem Marktplatz 100 Luftballons",
    "Eine Straße 7 Häuser",
    "Ich wohne in Haus Nummer 5",
    "Ich wohne seit 3 Jahren hier",
    "Wir wohnen im Sommer 3 Wochen am Meer",
    "Ich wohne im Stock 3",
    "5 funny street dogs",
    "3 Cats on a Way to Mars",
    "I live with 2 Cats and a Dog",
    "Sternstraße 2,5 km",
    "Die Straße ist 5 m breit",
    # names
    "Ich bin ein Drache",
    "Ich bin der König",
    "Ich bin die Prinzessin Lillifee",
    "Ich bin Pilot",
    "Ich bin Batman",
    "Ich heiße Drache Kokosnuss",
    "Ich heiße Harry Potter",
    "Ich heiße König Artus",
    "Ich heiße dich willkommen",
    "Ich heiße nicht so",
    "Wie heiße ich denn?",
    "Mein Name ist Hase",
    "Mein Name ist geheim",
    "Mein Name ist in einer Höhle versteckt",
    "Das ist mein Name",
    "Meine Katze heißt Mimi",
    "Der Mond heißt Karl und der Stern heißt Emma",
    "Mein Bruder malt ein Haus",
    "Mein Freund der Hase",
    "Ich bin müde.",
    "My name is a secret",
    "My name is written in the stars",
    "My name is Robot",
    "I am happy.",
    "I'm a pirate",
    "I am the king",
    "I'm James Bond",
    "I will call me a taxi",
    "Harry Potter fliegt",
    "Peter Pan und Heidi",
    "Max und Moritz",
    "Frau Holle schüttelt die Betten",
    "Herr der Ringe",
    "Eine Frau Maus und ein Herr Igel",
    "Herr Lehrer, ich weiß was",
    "Frau Sonne und Herr Mond",
    "Der Wal Anna 5 Meter lang",
    "Ein Lottoschein 03 12 23 34 41 49",
    "02 04 06 08 10 12 Kerzen",
    "Minecraft 1.20 und Fortnite 2024",
    # others
    "Treffen um 5 @ the zoo",
    "a@b",
    "Preis: 5 @ 3 Euro",
    "Mein Insta ist kaputt",
    "Ein TikTok Tänzer",
    "www.kinder.de",
    "Der Drache wohnt at home. Dot, dot, dot",
    "☎ 📱 ✉",
]


def unmarked(marked: str) -> tuple[str, list[str]]:
    """The text, and what is marked in it."""
    pieces = [piece.partition("⟧") for piece in marked.split("⟦")]
    return marked.replace("⟦", "").replace("⟧", ""), [piece[0] for piece in pieces[1:]]


def find(kind: str, text: str) -> list[PersonalDatum]:
    names = CLASS if kind == "class_name" else ()
    return find_personal_data(text, names, "lena_kovac7" if kind == "user_id" else None)


def found_in(text: str, kind: str = "") -> list[str]:
    data = find(kind, text)
    return [text[datum.start : datum.end] for datum in data]


@pytest.mark.parametrize(("kind", "marked"), CASES)
def test_it_is_found_and_nothing_else(kind: str, marked: str) -> None:
    text, expected = unmarked(marked)
    found = find(kind, text)
    assert [text[datum.start : datum.end] for datum in found] == expected
    assert {datum.kind for datum in found} == {kind}


@pytest.mark.parametrize(("kind", "marked"), CASES)
def test_without_it_the_rest_stays_to_the_letter(kind: str, marked: str) -> None:
    text, expected = unmarked(marked)
    without = without_personal_data(text, find(kind, text))
    rest = text
    for said in expected:
        before, _, rest = rest.partition(said)
        assert without.startswith(f"{before}[")
        without = without[len(before) :].partition("]")[2]
    assert without == rest
    assert find(kind, without_personal_data(text, find(kind, text))) == []


def test_every_kind_has_cases() -> None:
    assert set(FOUND) == set(KINDS)
    assert len(CASES) >= 80


@pytest.mark.parametrize("text", NOTHING)
def test_there_is_nothing_to_find(text: str) -> None:
    assert found_in(text) == []


def test_harmless_prompts_hold_nothing_personal() -> None:
    assert len(HARMLESS) > 700
    assert {text: found for text in HARMLESS if (found := found_in(text))} == {}


def test_without_names_of_a_class_no_name_alone_is_found() -> None:
    assert found_in("Lena reitet auf einem Drachen") == []
    assert find_personal_data("Lena reitet", ["", " ", "-", "L"]) == []
    assert found_in("Die Lenaschlucht und Maxima", "class_name") == []
    assert found_in("Müller mahlen Mehl", "class_name") == []


def test_a_label_that_is_an_ordinary_word_is_found_as_a_whole_only() -> None:
    for label, text in (("die_maus", "die Katze"), ("kind07", "Ein Kind"), ("a", "a b"), ("", "x")):
        assert find_personal_data(text, label=label) == []
    assert [(one.start, one.end) for one in find_personal_data("Die Maus!", (), "die_maus")] == [
        (0, 8)
    ]
    assert find_personal_data("DOE_JX und xDOE_J", label="DOE_J") == []


def test_a_name_is_found_however_its_letters_are_encoded() -> None:
    for form in ("NFC", "NFD"):
        text = unicodedata.normalize(form, "Jörg und Zoë")
        for names in (["Jörg", "Zoë"], [unicodedata.normalize("NFD", name) for name in CLASS]):
            assert [datum.kind for datum in find_personal_data(text, names)] == ["class_name"] * 2


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("Ich heiße Lena, Bergstraße 12.", "Ich heiße [Name], [Adresse]."),
        ("My name is Lena and I like the moon", "My name is [name] and I like the moon"),
        (
            "Please write to me at lena@web.de because I like the pictures",
            "Please write to me at [e-mail address] because I like the pictures",
        ),
        ("Ruf an: 0171 1234567!", "Ruf an: [Telefonnummer]!"),
        ("Ein Drache\n\tmit  Hut ", "Ein Drache\n\tmit  Hut "),
    ],
)
def test_what_stands_in_place_of_it(text: str, without: str) -> None:
    assert without_personal_data(text, find_personal_data(text)) == without


def test_what_overlaps_is_one() -> None:
    text = "Ich heiße Lena Müller"
    [datum] = find_personal_data(text, ["Lena Müller", "Müller", "Lena"])
    assert text[datum.start : datum.end] == "Lena Müller"
    [datum] = find_personal_data("lena.mueller@web.de", ["Lena", "Müller"])
    assert datum == PersonalDatum("email", 0, 19)


ALPHABET = "aL ß0159.-/+@()[]:,'\n" + "ichheißeStr."


@given(st.text() | st.text(ALPHABET, max_size=200), st.lists(st.text(max_size=12), max_size=4))
def test_places_are_in_order_and_apart(text: str, names: list[str]) -> None:
    found = find_personal_data(text, names)
    ends = [0, *(datum.end for datum in found)]
    assert all(end <= datum.start < datum.end for end, datum in zip(ends, found, strict=False))
    assert ends[-1] <= len(text)
    assert found == find_personal_data(text, names)
    if not found:
        assert without_personal_data(text, found) == text


TRAPS = [
    "0", "0 ", "0-", "1.", "a", "A", "a.", "@", "a@", "a@a", "a@a.", "@a", "a.a", "-", "a-",
    "Straße 1 ", "str. ", "1 A ", "1 A Street ", "D-12345 ", "12345 a ", "ich heiße ",
    "Ich heiße Lena ", "ich bin ", "my name is ", "Name: ", "der ", "Anna-", "Anna ", "DE89",
    "DE89 ", "DE00 A", "A1 ", "insta ", "insta: ", "instagram name is ", "tiktok.com/@", "x.com/",
    "a at ", "a at a dot ", "(", " ", "\u0301", "wohne 1 ", "wohne am A 1 ", "call me at ",
    "ist ist ist ", "4111 1111 1111 111", "+49 ", "01/", "%", "a (at) ",
]  # fmt: skip


def lines_run(text: str, names: list[str]) -> int:
    """How many lines of this server's code run while `text` is looked through."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal count
        if "personal_data" not in frame.f_code.co_filename:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        find_personal_data(text, names)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("trap", TRAPS)
def test_work_grows_with_the_length_and_no_faster(trap: str) -> None:
    find_personal_data(trap, CLASS)  # the words are read once
    short, long = ((trap * 500)[:length] for length in (500, 2_000))
    assert lines_run(long, CLASS) <= 5 * lines_run(short, CLASS) + 500


def test_the_longest_texts_are_looked_through() -> None:
    """Each takes some hundredths of a second; a pattern that goes back and forth never ends."""
    for trap in TRAPS:
        find_personal_data((trap * 8_000)[:8_000], CLASS)
        find_personal_data((trap * 8_000)[:7_999] + "!", CLASS)


def test_no_word_of_the_data_says_two_things() -> None:
    path = PROJECT_FOLDER / "devserver" / "schemas" / "personal_data.json"
    known = load_schema_file(path, KnownWords)
    given_names, not_names = known.forms("given_names"), known.forms("not_names")
    assert given_names & (not_names | known.forms("figures")) == set()
    for key in ("given_names", "figures", "not_names", "towns", "ordinary_places"):
        words = getattr(known, key)
        assert len({word.casefold() for word in words}) == len(words)
