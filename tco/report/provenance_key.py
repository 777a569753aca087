"""A key for people: its value as written, its line, its unit, its meaning, and the keys of its block."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote
from typing import Any

from tco.decide.provenance import KeyAnswer, Provenance
from tco.demand.forecast import month_label
from tco.report.document import Column, Table, Text
from tco.report.numbers import counted
from tco.scenario.loader import LoadedScenario

_MOST_LIST = 60  # characters of a list that is shown whole
_MOST_KEYS = 60  # rows of a block that are shown


def key_sections(answer: KeyAnswer, file: str) -> list[Text | Table]:
    """Say what stands at the key, where, and what it means."""
    key = answer.key
    rows = [] if key.is_block else [("value", value_text(answer.value))]
    rows.append(("written", f"{file}:{answer.line}" if answer.line is not None else "nowhere: this is the default"))
    if answer.priced_by is not None:
        rows.append(("part of", f"the price {answer.priced_by}; the lines are those of the whole price"))
    if key.unit is not None:
        rows.append(("unit", key.unit))
    rows += [("meaning", key.documentation)] if key.documentation else []
    sections: list[Text | Table] = [
        Table("", (Column("Key", numeric=False), Column(key.name, numeric=False)), tuple(rows))
    ]
    if answer.inner:
        sections.append(_block(answer))
    if key.is_block and answer.defaults:
        defaults = ", ".join(f"{inner.path[-1]} {value_text(inner.value)}" for inner in answer.defaults)
        sections.append(Text(f"Left at their defaults: {defaults}.", "note"))
    return sections


def _block(answer: KeyAnswer) -> Table:
    """List what the file gives in a block, in its order."""
    start = len(answer.key.name) + 1
    columns = (*(Column(name, numeric=False) for name in ("Holds", "Value", "Unit")), Column("Line"))
    rows = [
        (inner.name[start:], value_text(value), inner.unit or "", str(line))
        for inner, value, line in answer.inner[:_MOST_KEYS]
    ]
    more = len(answer.inner) - len(rows)
    return Table("", columns, (*rows, (f"and {counted(more, 'more key')}", "", "", "")) if more else tuple(rows))


def value_text(value: Any) -> str:
    """Write a value as the file would; a long list by its length.

    >>> value_text(True), value_text(None), value_text([0.3, 0.9]), value_text(0.03), value_text([0] * 168)
    ('true', 'none', '[0.3, 0.9]', '0.03', 'a list of 168')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        text = f"[{', '.join(value_text(entry) for entry in value)}]"
        return text if len(text) <= _MOST_LIST else f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {value_text(entry)}' for name, entry in value.items())}}}"
    return "none" if value is None else str(value)


def no_lines(found: Provenance, loaded: LoadedScenario) -> Iterator[str]:
    """Say plainly that there are no lines, and what the key does instead."""
    place = f" of {found.options[0]}" if len(found.options) == 1 else ""
    when = f" in {month_label(loaded.scenario.start, found.month)}" if found.month is not None else ""
    answer = found.key
    if found.other_lens:
        flag = "leave out --cash" if found.lens == "cash" else "add --cash"
        yield f"No line{place}{when} in this view of the months; {flag} to see the other view."
        return
    if answer is None:
        yield f"No line{place}{when}: nothing is counted in {found.target.name}."
        return
    yield f"Prices no line{place}{when}. {answer.drives}".rstrip()
    if answer.priced_block is not None:
        yield f"Lines of its block: tco explain {quote(loaded.file)} {quote(answer.priced_block)}"
    if isinstance(answer.value, int | float) and not isinstance(answer.value, bool):
        yield f"What it moves: tco sweep {quote(loaded.file)} --vary {quote(answer.key.name)}=FROM:TO:STEP"
