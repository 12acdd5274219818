"""Tables of a page, read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Cell:
    """An entry: its main text, and its small print."""

    text: str = ""
    small: list[str] = field(default_factory=list)
    href: str = ""


@dataclass
class Row:
    """A row, with the slug of the cell it is of."""

    slug: str
    base: bool
    cells: list[Cell] = field(default_factory=list)


@dataclass
class PageTable:
    """A table."""

    title: str = ""
    about: str = ""
    heads: list[Cell] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def column(self, heading: str) -> list[str]:
        """The texts under a heading."""
        index = [head.text for head in self.heads].index(heading)
        return [row.cells[index].text for row in self.rows]


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tables: list[PageTable] = []
        self.at: list[str] = []
        self.base = self.skip = False
        self.target: Cell | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "table":
            self.tables.append(PageTable())
        if not self.tables:
            return
        if tag == "tbody":
            self.base = given.get("class") == "base"
        elif tag == "tr" and "tbody" in self.at:
            self.tables[-1].rows.append(Row(given.get("data-cell", ""), self.base))
        elif tag == "tr":
            self.tables[-1].heads = []
        elif tag in ("th", "td"):
            self.target = Cell()
            (self.tables[-1].rows[-1].cells if "tbody" in self.at else self.tables[-1].heads).append(self.target)
        elif tag == "small" and self.target is not None:
            self.target.small.append("")
        elif tag == "a" and self.target is not None:
            self.target.href = given["href"]
        elif tag == "span" and given.get("class") in ("unseen", "flag"):
            self.skip = True
        if tag not in ("meta", "img", "br", "input"):
            self.at.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.at:
            while self.at.pop() != tag:
                pass
        if tag == "span":
            self.skip = False
        if tag in ("th", "td", "table"):
            self.target = None

    def handle_data(self, data: str) -> None:
        if self.skip or not self.at:
            return
        if "caption" in self.at:
            if self.at[-1] == "b":
                self.tables[-1].title += data
            else:
                self.tables[-1].about += data.strip()
        elif self.target is not None and self.at[-1] == "small":
            self.target.small[-1] += data
        elif self.target is not None:
            self.target.text += data.strip()


def tables_of(page: str) -> list[PageTable]:
    """Every table of a page."""
    parser = _Parser()
    parser.feed(page)
    return parser.tables
