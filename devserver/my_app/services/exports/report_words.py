"""What reports say in German and in English, beside the words of the runs themselves."""

from __future__ import annotations

from collections.abc import Mapping

from devserver.my_app.services.exports.port import Language

_WORDS: Mapping[str, tuple[str, str]] = {
    "report": ("Bericht", "Report"),
    "default_title": ("Bericht über gespeicherte Läufe", "Report on stored runs"),
    "run": ("Lauf", "Run"),
    "runs": ("Läufe", "runs"),
    "one_run": ("1 Lauf", "1 run"),
    "n_runs": ("{} Läufe", "{} runs"),
    "no_runs": ("Die Auswahl enthält keinen Lauf.", "The selection holds no run."),
    "made_on": ("Erstellt am", "Made on"),
    "contents": ("Inhalt", "Contents"),
    "about": ("Über diesen Bericht", "About this report"),
    "page": ("Seite", "Page"),
    "licence": ("Lizenz", "Licence"),
    "no_licence": (
        "Für die Auswahl ist keine Lizenz angegeben. Was unter einem Medium steht, gilt für "
        "dieses.",
        "No licence is given for the selection. What stands below a medium holds for that one.",
    ),
    "what_this_is": (
        "Jeder Lauf beginnt mit dem Text eines Menschen, meist eines Kindes. Er wird geprüft, von "
        "einem künstlerischen Verfahren oder einem Sprachmodell umgeschrieben und dann in ein "
        "Bild, einen Klang, einen Film oder ein 3D-Objekt verwandelt. Dieser Bericht gibt wieder, "
        "was der Server zu jedem Lauf gespeichert hat: die Texte im Wortlaut, jeden "
        "Schritt dazwischen mit "
        "seinen Änderungen, die Ergebnisse und die Umstände.",
        "Each run begins with a text by a person, most often a child. It is checked, rewritten by "
        "an artistic technique or a language model, and then turned into a picture, a sound, a "
        "film or a 3D object. This report gives what the server has stored of each run: the texts "
        "word for word, every step between them with its changes, the results and the "
        "circumstances.",
    ),
    "how_title": ("Wie er gemacht ist", "How it was made"),
    "how_made": (
        "Der Bericht wurde ohne weiteres Zutun aus den Ordnern der Läufe gesetzt. Bilder sind für "
        "den Druck verkleinert; Filme erscheinen als Standbild, Klänge als Verlauf ihrer "
        "Lautstärke. Die Originale liegen unverändert beim Server, unter der Kennung des Laufs. "
        "Lange Strecken, die ein Schritt nicht verändert hat, sind gekürzt, und es steht dabei; "
        "Eingabe und Ergebnis stehen immer vollständig da. Unsichtbare Steuerzeichen und Zeichen "
        "ohne Schrift erscheinen als ihre Nummer, etwa [U+0007].",
        "The report was set from the folders of the runs, with nothing added. Pictures are made "
        "smaller for print; films appear as a still, sounds as the course of their loudness. The "
        "originals lie unchanged on the server, under the id of the run. Long stretches that a "
        "step has not changed are cut short, and it says so; the text that went in and the one "
        "that came out always stand there in full. Invisible control signs, and signs "
        "that no font has, "
        "appear as their number, as in [U+0007].",
    ),
    "how_made_html": (
        "Die Seite wurde ohne weiteres Zutun aus den Ordnern der Läufe gemacht und braucht kein "
        "Netz. Unsichtbare Steuerzeichen erscheinen als ihre Nummer, etwa [U+0007].",
        "The page was made from the folders of the runs, with nothing added, and needs no network. "
        "Invisible control signs appear as their number, as in [U+0007].",
    ),
    "ai_notice_title": ("Künstlich erzeugt", "Artificially made"),
    "ai_notice": (
        "Alle Bilder, Klänge, Filme und 3D-Objekte in diesem Bericht sind künstlich erzeugt. Unter "
        "jedem steht, ob ein KI-Modell es gemacht hat und welches, oder das Atelier des Servers, "
        "das ohne KI-Modell zeichnet und komponiert. Auch die umgeschriebenen Texte stammen nicht "
        "von den Kindern; die Reise nennt zu jedem Schritt, wer ihn getan hat.",
        "All pictures, sounds, films and 3D objects in this report are artificially made. Below "
        "each it says whether an AI model made it, and which, or the server's atelier, which draws "
        "and composes without an AI model. The rewritten texts are not by the children either; the "
        "journey names for each step who did it.",
    ),
    "reading_changes": (
        "So liest man die Änderungen: {removed} wurde entfernt, {added} kam hinzu.",
        "How to read the changes: {removed} was taken out, {added} came in.",
    ),
    "sample_removed": ("Durchgestrichenes", "struck-through text"),
    "sample_added": ("Unterstrichenes", "underlined text"),
    "removed": ("entfernt", "removed"),
    "added": ("hinzugefügt", "added"),
    "facts": ("Angaben", "Facts"),
    "texts": ("Texte", "Texts"),
    "input_text": ("Eingegebener Text", "Text that was written"),
    "transformed_text": ("Umgeschriebener Text", "Rewritten text"),
    "no_transformed": (
        "Es gibt keinen: Der Lauf kam nicht so weit.",
        "There is none: the run did not get that far.",
    ),
    "same_text": (
        "Wortgleich mit dem eingegebenen Text.",
        "Word for word the text that was written.",
    ),
    "journey": ("Die Reise des Textes", "The journey of the text"),
    "media": ("Ergebnisse", "Results"),
    "no_media": ("Keine Medien gespeichert.", "No media are stored."),
    "unchanged": ("Der Text blieb, wie er war.", "The text stayed as it was."),
    "cut_short": ("[… {} Zeichen unverändert …]", "[… {} characters unchanged …]"),
    "run_id": ("Kennung", "Run id"),
    "when": ("Wann", "When"),
    "finished": ("Beendet", "Finished"),
    "schema": ("Verfahren", "Schema"),
    "status": ("Ausgang", "Status"),
    "mode": ("Betriebsart", "Mode"),
    "mode_eco": ("eco (eigene Rechner)", "eco (own machines)"),
    "mode_fast": ("fast (Dienste im Netz)", "fast (online services)"),
    "level": ("Schutzstufe", "Safety level"),
    "backend": ("Gemacht von", "Made by"),
    "model": ("Modell", "Model"),
    "technique": ("Technik", "Technique"),
    "seed": ("Startwert (Seed)", "Seed"),
    "user_id": ("Person", "Person"),
    "workshop": ("Workshop", "Workshop"),
    "context": ("Eigene Regeln", "Rules of one's own"),
    "origin": ("Wiederholung von", "Made again from"),
    "warnings": ("Hinweise", "Warnings"),
    "why_blocked": ("Angehalten in Stufe {}", "Stopped at stage {}"),
    "why_failed": ("Gescheitert in Stufe {}", "Failed at stage {}"),
    "why_ended": ("Warum der Lauf so endete", "Why the run ended like this"),
    "by_model": ("Von einem KI-Modell erzeugt: {}", "Generated by an AI model: {}"),
    "by_backend": ("Von einer KI erzeugt (Dienst: {})", "Generated by AI (service: {})"),
    "by_atelier": (
        "Vom Atelier des Servers gemacht, ohne KI-Modell",
        "Made by the server's atelier, without an AI model",
    ),
    "by_unknown": (
        "Künstlich erzeugt; womit, ist nicht gespeichert",
        "Artificially made; with what is not stored",
    ),
    "still": ("erstes Bild des Films", "first picture of the film"),
    "waveform": ("Verlauf der Lautstärke", "course of the loudness"),
    "view": ("Ansicht des 3D-Objekts", "view of the 3D object"),
    "no_picture": ("Davon lässt sich kein Bild zeigen.", "No picture can be shown of this."),
    "image": ("Bild", "Picture"),
    "audio": ("Klang", "Sound"),
    "video": ("Film", "Film"),
    "3d": ("3D-Objekt", "3D object"),
    "text": ("nur Text", "text only"),
    "alt": ("{} zum Text: {}", "{} for the text: {}"),
    "seconds": ("{} s", "{} s"),
    "pixels": ("{} × {} Pixel", "{} × {} pixels"),
    "mesh": ("{} Punkte, {} Flächen", "{} vertices, {} faces"),
    "stage": ("Stufe", "Stage"),
    "stage_1": ("Prüfung der Eingabe", "Check of the input"),
    "stage_2": ("Umschreiben", "Rewriting"),
    "stage_3": ("Vor der Ausgabe", "Before the output"),
    "stage_4": ("Medium", "Medium"),
    "took": ("{}\N{NO-BREAK SPACE}s", "{}\N{NO-BREAK SPACE}s"),
    "categories": ("Gefunden: {}", "Found: {}"),
    "queued": ("wartet", "queued"),
    "running": ("läuft", "running"),
    "awaiting_edit": ("wartet auf Bearbeitung", "awaiting an edit"),
    "success": ("gelungen", "success"),
    "partial": ("teilweise gelungen", "partly a success"),
    "blocked": ("angehalten", "blocked"),
    "failed": ("gescheitert", "failed"),
    "cancelled": ("abgebrochen", "cancelled"),
    "passed": ("bestanden", "passed"),
    "transformed": ("umgeschrieben", "transformed"),
    "edited": ("von Hand bearbeitet", "edited by hand"),
    "skipped": ("übersprungen", "skipped"),
    "done": ("erledigt", "done"),
    "download": ("Datei öffnen oder speichern", "Open or save the file"),
    "too_large": (
        "Die Datei ist zu groß, um in dieser Seite zu stecken; das Original liegt beim Server.",
        "The file is too large to be inside this page; the original lies on the server.",
    ),
    "filters": ("Läufe filtern", "Filter the runs"),
    "search": ("Suche in den Texten", "Search in the texts"),
    "all": ("alle", "all"),
    "day": ("Tag", "Day"),
    "media_type": ("Medium", "Medium"),
    "reset": ("Alle zeigen", "Show all"),
    "shown": ("{} von {} Läufen", "{} of {} runs"),
    "none_shown": ("Kein Lauf passt zu dieser Auswahl.", "No run fits these filters."),
    "details": ("Alles zu diesem Lauf", "All about this run"),
    "back": ("Zurück zur Übersicht", "Back to the overview"),
    "skip": ("Zu den Läufen springen", "Skip to the runs"),
    "theme": ("Hell oder dunkel", "Light or dark"),
}

_MONTHS: Mapping[Language, str] = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "en": "January February March April May June July August September October November December",
}


def words_in(language: Language) -> dict[str, str]:
    """All words in one language, by their names."""
    column = ("de", "en").index(language)
    return {name: both[column] for name, both in _WORDS.items()}


def month_in(language: Language, month: int) -> str:
    """The name of a month, 1 to 12."""
    return _MONTHS[language].split()[month - 1]
