"""Tables as Markdown, LaTeX (booktabs) and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from .model import Line, Table

_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--", "∞": r"$\infty$"}
_LATEX |= {"×": r"$\times$", "→": r"$\rightarrow$", "ε": r"$\varepsilon$", "−": "$-$", "·": r"$\cdot$"}
_LATEX |= {"<": "$<$", ">": "$>$", "|": "$|$"}
_LATEX |= {char: "\\" + char for char in "&%$#_{}"}


def to_csv(tables: Sequence[Table]) -> str:
    """A column a metric by its name in results; numbers unrounded and unscaled, with their intervals, and the paper's if any.

    Several tables of one kind become one, with what each is of in a first column.
    """
    rows = [_plain(table, line, {"of": table.about} if len(tables) > 1 else {}) for table in tables for line in table.lines]
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, headings, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _plain(table: Table, line: Line, first: dict[str, object]) -> dict[str, object]:
    row = dict(first)
    for i, (column, entry) in enumerate(zip(table.columns, line.entries, strict=True)):
        name = f"{column.group} {column.key or column.heading}".strip()
        row[name] = "" if entry.value is None else entry.value
        if any(other.entries[i].low is not None for other in table.lines):
            row |= {f"{name} {end}": "" if value is None else value for end, value in (("low", entry.low), ("high", entry.high))}
        if any(other.entries[i].paper is not None for other in table.lines):
            row[f"{name} paper"] = "" if entry.paper is None else entry.paper
    return row


def to_markdown(table: Table) -> str:
    """A table of GitHub's Markdown, under its title."""

    def row(texts: list[str]) -> str:
        return "| " + " | ".join(text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;") for text in texts) + " |"

    headings = [f"{column.group} {column.heading}".strip() for column in table.columns]
    lines = [f"### {flat(table.title)}", "", flat(table.about), "", row(headings)]
    lines.append("|" + "|".join("---" if column.digits is None else "---:" for column in table.columns) + "|")
    for line in table.lines:
        texts = []
        for column, entry in zip(table.columns, line.entries, strict=True):
            parts = [entry.text(column), f"[{entry.interval(column)}]" if entry.interval(column) else "", entry.beside(column)]
            texts.append(" ".join(part for part in parts if part))
        lines.append(row(texts))
    lines += ["", *(f"- {flat(note)}" for note in table.notes)]
    return "\n".join(lines).rstrip() + "\n"


def flat(text: str) -> str:
    """Text as one line of Markdown without tags."""
    return text.replace("<", "&lt;").replace("\n", " ")


def to_latex(table: Table) -> str:
    """A `table` float with booktabs rules: \\usepackage{booktabs}. Intervals and the paper's numbers are in its comments."""
    ends = ["l" if column.digits is None else "r" for column in table.columns]
    lines = [r"\begin{table}", r"  \centering", rf"  \caption{{{escape(table.title)}. {escape(table.about)}}}"]
    lines += [rf"  \begin{{tabular}}{{{''.join(ends)}}}", r"    \toprule"]
    if table.groups:
        spans, rules, at = [], [], 1
        for name, width in table.groups:
            spans.append(rf"\multicolumn{{{width}}}{{c}}{{{escape(name)}}}" if name else "&" * (width - 1))
            if name:
                rules.append(rf"\cmidrule(lr){{{at}-{at + width - 1}}}")
            at += width
        lines += ["    " + " & ".join(spans) + r" \\", "    " + " ".join(rules)]
    lines += ["    " + " & ".join(escape(column.heading) for column in table.columns) + r" \\", r"    \midrule"]
    for line in table.lines:
        texts = [escape(entry.text(column)) for column, entry in zip(table.columns, line.entries, strict=True)]
        guard = "{}" if texts[0].startswith(("[", "*")) else ""  # else \\ of the row before takes it for its own
        lines.append(f"    {guard}" + " & ".join(texts) + r" \\")
    lines += [r"    \bottomrule", r"  \end{tabular}", r"\end{table}"]
    return "\n".join([*lines, *(f"% {_comment(note)}" for note in table.notes), *_comments(table)]) + "\n"


def _comments(table: Table) -> list[str]:
    found = []
    for line in table.lines:
        for column, entry in zip(table.columns, line.entries, strict=True):
            beside = "; ".join(part for part in (entry.interval(column), entry.beside(column), entry.why) if part)
            if beside:
                of = ", ".join(str(label.text(table.columns[k])) for k, label in enumerate(line.entries[: table.labels]))
                found.append(f"% {_comment(f'{of}, {column.group} {column.heading}: {entry.text(column)} [{beside}]')}")
    return found


def _comment(text: str) -> str:
    return " ".join(text.split())


def escape(text: str) -> str:
    """Text as LaTeX shows it."""
    return "".join(_LATEX.get(char, char) for char in " ".join(text.split()))
