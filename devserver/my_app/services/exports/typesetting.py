"""Sets parts of a report as PDF and binds them. Made to run in a worker process."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

_DOCUMENTS_REMEMBERED = 12

TEMPLATE = Path(__file__).parent / "formats" / "report.typ"


def set_pages(folder: Path, name: str, font_folders: tuple[Path, ...]) -> bool:
    """Set `<name>.json` in `folder`, which holds the pictures too, as `<name>.pdf`.

    The PDF is tagged, by PDF/UA-1; False when a sign could not be shown as that asks for, and the
    PDF was made without the promise.
    """
    import typst  # noqa: PLC0415 - slow to import, and only for reports

    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(path) for path in font_folders],
    )
    (folder / "report.typ").write_bytes(TEMPLATE.read_bytes())
    compiler = typst.Compiler(
        str(folder / "report.typ"),
        root=str(folder),
        font_paths=fonts,
        sys_inputs={"part": f"{name}.json"},
    )
    target = folder / f"{name}.pdf"
    is_promised = True
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        made = compiler.compile(pdf_standards=["ua-1"], timestamp=now)
    except typst.TypstError as error:
        if not str(error).startswith("PDF/UA-1"):
            raise
        made = compiler.compile(timestamp=now)
        is_promised = False
    finally:
        # What Typst keeps of a document it forgets only some documents later.
        for _ in range(_DOCUMENTS_REMEMBERED):
            compiler.compile(input=b"")
    assert isinstance(made, bytes)  # noqa: S101 - a PDF is one file
    # Not written by Typst, whose failure on a full disk has no errno.
    target.write_bytes(made)
    return is_promised


def pages_of_runs(part: Path) -> tuple[int, list[int]]:
    """How many pages a part has, and on which of them (the first is 0) each of its runs begins."""
    import pikepdf  # noqa: PLC0415 - only for reports

    with pikepdf.open(part) as pdf:
        numbers = {page.objgen: number for number, page in enumerate(pdf.pages)}
        starts: list[int] = []
        with pdf.open_outline() as outline:
            for item in outline.root:
                destination = item.destination
                assert isinstance(destination, pikepdf.Array)  # noqa: S101 - Typst writes no other
                starts.append(numbers[pikepdf.Page(destination[0]).objgen])
        return len(numbers), starts


def bind(front: Path, parts: list[tuple[Path, list[tuple[str, int]]]], target: Path) -> None:
    """Write one PDF of the front and all parts, with a bookmark for each run.

    With each part come its runs: their headings and pages in it, from 0.
    """
    import pikepdf  # noqa: PLC0415 - only for reports

    with pikepdf.open(front) as book:
        first = len(book.pages)
        with book.open_outline() as outline:
            for path, runs in parts:
                with pikepdf.open(path) as part:
                    book.pages.extend(part.pages)
                for heading, page in runs:
                    outline.root.append(pikepdf.OutlineItem(heading, first + page))
                first = len(book.pages)
        roman = pikepdf.Dictionary(S=pikepdf.Name.r)
        arabic = pikepdf.Dictionary(S=pikepdf.Name.D)
        with pikepdf.open(front) as again:
            fore = len(again.pages)
        book.Root.PageLabels = pikepdf.Dictionary(Nums=[0, roman, fore, arabic])
        # What tagged the front would claim to tag all.
        for key in ("/StructTreeRoot", "/MarkInfo"):
            if key in book.Root:
                del book.Root[key]
        with target.open("wb") as file:
            book.save(file)
