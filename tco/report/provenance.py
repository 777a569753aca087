"""Where a figure comes from, for people: the total, its lines, and each line down to quantity, price and file line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from shlex import quote

import pandas as pd

from tco import catalog
from tco.decide.provenance import Group, Line, Provenance
from tco.decide.targets import TargetKind
from tco.demand.forecast import month_label
from tco.domain import ACCOUNTS
from tco.finance.totals import family
from tco.report.cents import rounded_percents
from tco.report.document import Column, Document, Table, Text
from tco.report.ledger_cents import ledger_cents
from tco.report.numbers import counted, quantity, usd_cents, usd_exact
from tco.report.provenance_key import key_sections, no_lines
from tco.report.provenance_lines import INDENT, months_table, origins_table, price_origin, product, sources_table
from tco.scenario.loader import LoadedScenario


class Amounts:
    """The ledger's lines in cents: rounded once, so that every sum of them is a sum of the same cents."""

    def __init__(self, ledger: pd.DataFrame) -> None:
        self._cents = dict(zip(ledger.index.tolist(), ledger_cents(ledger), strict=True))

    def of(self, lines: Sequence[Line]) -> Decimal:
        """Add up lines."""
        return sum((self._cents[line.number] for line in lines), Decimal(0))


def provenance_document(found: Provenance, loaded: LoadedScenario, ledger: pd.DataFrame) -> Document:
    """Write the answer: each option's sum, the lines below it, and where they come from."""
    amounts = Amounts(ledger)
    sections: list[Text | Table] = key_sections(found.key, loaded.file) if found.key is not None else []
    if found.target.name in ACCOUNTS and all(line.account == found.target.name for line in found.chosen):
        sections.append(Text(f"This account holds {ACCOUNTS[found.target.name]}."))
    if not found.chosen:
        sections += [Text(text) for text in no_lines(found, loaded)]
    elif found.target.kind is TargetKind.TOTAL:
        sections += [_accounts(found, option, amounts) for option in found.options]
    else:
        sections.append(_summary(found, amounts))
        for option in found.options:
            if lines := found.of(option):
                sections += _by_option(found, option, lines, amounts, loaded.file)
        sections.append(sources_table(found.chosen))
    sections += [Text(text, "note") for text in _notes(found, loaded)]
    return Document(f"{loaded.scenario.name}: {found.target.name}", _subtitle(found, loaded), tuple(sections))


def _subtitle(found: Provenance, loaded: LoadedScenario) -> str:
    scenario = loaded.scenario
    if found.month is None:
        when = f"{counted(scenario.horizon_months, 'month')} from {scenario.start}"
    else:
        when = f"month {found.month + 1}, {month_label(scenario.start, found.month)}"
    lens = "amounts when they are paid" if found.lens == "cash" else "amounts over the months that they serve"
    return f"{when}, undiscounted{f'; {lens}' if found.lens == 'cash' or found.lenses_differ else ''}"


def _accounts(found: Provenance, option: str, amounts: Amounts) -> Table:
    """Go from an option's total to its accounts, by their first two parts as the comparison does."""
    groups = found.groups(option)
    below: dict[str, list[Group]] = {}
    for group in groups:
        below.setdefault(family(group.account), []).append(group)
    cost = {name: amounts.of([line for group in below[name] for line in group.lines]) for name in below}
    names = sorted(below, key=lambda name: -cost[name])
    cents = [cost[name] for name in names]
    columns = (Column(option, numeric=False), Column("Lines", numeric=False), Column("Amount"), Column("Share"))
    rows = [
        (name, "; ".join(group.item for group in below[name]), usd_cents(amount), share)
        for name, amount, share in zip(names, cents, rounded_percents(cents), strict=True)
    ]
    return Table("", columns, (*rows, ("total", "", usd_cents(sum(cents, Decimal(0))), "100.0%")), len(rows))


def _summary(found: Provenance, amounts: Amounts) -> Table:
    """Each option's sum, and what share of its total that is."""
    columns = (Column("Option", numeric=False), Column(found.target.name), Column("Share"), Column("Option's total"))
    rows = []
    for option in found.options:
        lines, total = found.of(option), amounts.of([line for line in found.counted if line.option == option])
        amount = amounts.of(lines)
        share = f"{amount / total:.1%}" if lines and total else "-"
        rows.append((option, usd_cents(amount) if lines else "-", share, usd_cents(total)))
    return Table("", columns, tuple(rows))


def _by_option(found: Provenance, option: str, lines: Sequence[Line], amounts: Amounts, file: str) -> Iterator[Table]:
    if found.target.kind is TargetKind.LINE:
        yield months_table(option, lines, amounts.of)
        yield origins_table(lines, file)
        return
    groups = found.groups(option)
    yield _items(option, groups, amounts)
    yield _first_lines(groups, amounts, file)


def _items(option: str, groups: list[Group], amounts: Amounts) -> Table:
    """List items with their months, quantities and prices, below their account where there are several."""
    columns = (Column(option, numeric=False), *map(Column, ("Months", "Quantity", "Unit price", "Amount")))
    several = len({group.account for group in groups}) > 1
    rows: list[tuple[str, ...]] = []
    account = ""
    for group in groups:
        if several and group.account != account:
            account = group.account
            of_account = [line for each in groups if each.account == account for line in each.lines]
            rows.append((account, "", "", "", usd_cents(amounts.of(of_account))))
        name = f"{INDENT}{group.item}" if several else group.item
        amount = usd_cents(amounts.of(group.lines))
        rows.append((name, _months(group.lines), f"{quantity(group.quantity)} {group.unit}", _price(group), amount))
    if len(groups) > 1:
        whole = amounts.of([line for group in groups for line in group.lines])
        rows.append(("sum", "", "", "", usd_cents(whole)))
    return Table("", columns, tuple(rows), len(rows) - 1 if len(groups) > 1 else None)


def _months(lines: Sequence[Line]) -> str:
    """Count the months; name the only one."""
    months = {line.month for line in lines}
    return lines[0].period if len(months) == 1 else str(len(months))


def _price(group: Group) -> str:
    """Write the unit price, first to last where it changes."""
    first, last = usd_exact(group.lines[0].unit_price_usd), usd_exact(group.lines[-1].unit_price_usd)
    if first == last:
        changes = any(usd_exact(line.unit_price_usd) != first for line in group.lines)
        return f"{first}, varies" if changes else first
    return f"{first} to {last}"


def _first_lines(groups: list[Group], amounts: Amounts, file: str) -> Table:
    """Write the first month's line of each item in full."""
    first = min(line.month for group in groups for line in group.lines)
    period = next(line.period for group in groups for line in group.lines if line.month == first)
    rows: list[tuple[str, str]] = []
    for group in groups:
        line = group.lines[0]
        late = "" if line.month == first else f" ({line.period})"
        rows.append((f"{line.item}{late}", product(line, amounts.of([line]))))
        rows.append((f"{INDENT}quantity", line.basis))
        rows.append((f"{INDENT}price", price_origin(line, file)))
    return Table("", (Column(f"In {period}", numeric=False), Column("", numeric=False)), tuple(rows))


def _notes(found: Provenance, loaded: LoadedScenario) -> Iterator[str]:
    if found.chosen:
        yield (
            "Amounts are the cents of ledger.csv, rounded so that lines add up to every sum shown: one may differ by a "
            "cent from quantity x unit price."
        )
    if found.lens == "cash" and not found.lenses_differ:
        yield "Every amount is paid in the month that it serves, so the view by cash is the same as the other."
    if found.target.kind is TargetKind.TOTAL and found.chosen:
        dearest = family(found.groups(found.options[0])[0].account)
        yield f"One level down: tco explain {quote(loaded.file)} {dearest} --option {quote(found.options[0])}"
    elif booked := [name for name in dict.fromkeys(line.price_name for line in found.chosen) if _is_in_book(name)]:
        yield f"A price's row in the book, and its history: tco prices show {quote(booked[0])}"
    if found.also_key:
        below = [name for name in loaded.lines() if name.startswith(f"{found.target.name}.")]
        such = f", such as {below[0]}" if below else ""
        yield f"The scenario has a block {found.target.name} as well; ask for the keys below it{such}."


def _is_in_book(name: str) -> bool:
    """Whether the catalog has a price's name; one that was worked out from another has a name of its own."""
    return name in catalog.names()
