"""Markdown: a document as GitHub reads it."""

from __future__ import annotations

from tco.report.document import Document, Table


def markdown(document: Document) -> str:
    r"""Render a document.

    >>> from tco.report.document import Column, Text
    >>> print(markdown(Document("T", "s", (Table("", (Column("a"),), (("1|2",),)), Text("end")))))
    # T
    <BLANKLINE>
    s
    <BLANKLINE>
    | a |
    | ---: |
    | 1\|2 |
    <BLANKLINE>
    end
    <BLANKLINE>
    """
    parts = [f"# {document.title}", document.subtitle]
    parts += [_table(section) if isinstance(section, Table) else section.text for section in document.sections]
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    head = _row([column.heading for column in table.columns])
    rule = _row(["---:" if column.numeric else "---" for column in table.columns])
    return "\n".join([head, rule, *(_row(list(row)) for row in table.rows)])


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
