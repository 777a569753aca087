"""Provenance: the ledger lines behind a figure, from a total down to quantity, price and line of the scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

import pandas as pd

from tco.decide.drives import what_it_drives
from tco.decide.targets import Target, TargetKind, find_target
from tco.finance.totals import Lens, monthly_usd, through
from tco.pipeline import Evaluation
from tco.scenario.describe import Key, keys_of, written
from tco.scenario.loader import LoadedScenario


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger.

    Attributes:
        number: its place among the ledger's lines.
        option, month, period, account, item: what was paid for, by which option, when; month 0 is the first.
        quantity: how much, in `unit`.
        unit: unit of the quantity.
        unit_price_usd: price of one unit, USD.
        cost_usd: quantity x unit price, USD, not rounded.
        price_name: the price's row in the catalog, or `inline`.
        source: who published the price.
        source_date: day on which it was valid.
        scenario_key: key that names the price.
        scenario_line: line of that key in the file; None where the file does not hold it.
        basis: which simulated figure the quantity comes from.
        price_note: how the price differs from what its source says; empty where it does not.
        priced_month: month whose prices hold: that of a purchase or a signing, where one fixed them.
    """

    number: int
    option: str
    month: int
    period: str
    account: str
    item: str
    quantity: float
    unit: str
    unit_price_usd: float
    cost_usd: float
    price_name: str
    source: str
    source_date: str
    scenario_key: str
    scenario_line: int | None
    basis: str
    price_note: str
    priced_month: int


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of one option and item, in order of month."""

    account: str
    item: str
    unit: str
    lines: tuple[Line, ...]

    @property
    def cost_usd(self) -> float:
        """Sum of the lines, USD."""
        return fsum(line.cost_usd for line in self.lines)

    @property
    def quantity(self) -> float:
        """Sum of the lines' quantities."""
        return fsum(line.quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """What is known of a key.

    Attributes:
        key: the key, its value and its meaning.
        value: its value as the file writes it, or the default.
        line: its line; None where it is left at its default.
        inner: the keys of its block that the file gives, each with its line, in the file's order.
        defaults: the keys right below it that are left at their defaults.
        priced_by: the key of the price that it is part of; None where it is no part of a price, or the whole of one.
        drives: what it does to the result, in words; empty where nothing honest can be said.
        priced_block: nearest block above it that prices lines.
    """

    key: Key
    value: object
    line: int | None
    inner: tuple[tuple[Key, object, int], ...]
    defaults: tuple[Key, ...]
    priced_by: str | None
    drives: str
    priced_block: str | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """An answer to where a figure comes from.

    Attributes:
        target: what was asked.
        options: the options that were looked at, in the scenario's order.
        counted: every line of these options in the months that were asked about, as one lens counts them.
        chosen: those of them that the target means.
        totals_usd: each option's total over these months, USD.
        month: the month that was asked about; None for the whole horizon.
        lens: whether amounts count over the months that they serve (`accrual`), or when they are paid (`cash`).
        lenses_differ: whether any line is counted by one lens only.
        other_lens: whether the target means lines that only the other lens counts.
        key: what is known of the key; None where a line or an account is asked about.
        also_key: whether the scenario has a key of the account's name as well.
    """

    target: Target
    options: tuple[str, ...]
    counted: tuple[Line, ...]
    chosen: tuple[Line, ...]
    totals_usd: dict[str, float]
    month: int | None
    lens: Lens
    lenses_differ: bool
    other_lens: bool
    key: KeyAnswer | None
    also_key: bool

    def of(self, option: str) -> tuple[Line, ...]:
        """Return the chosen lines of an option."""
        return tuple(line for line in self.chosen if line.option == option)

    def groups(self, option: str) -> list[Group]:
        """Group an option's chosen lines by account and item, the dearest account first, then the dearest item."""
        found: dict[tuple[str, str, str], list[Line]] = {}
        accounts: dict[str, float] = {}
        for line in self.of(option):
            found.setdefault((line.account, line.item, line.unit), []).append(line)
            accounts[line.account] = accounts.get(line.account, 0.0) + line.cost_usd
        groups = [Group(*names, tuple(sorted(lines, key=lambda line: line.month))) for names, lines in found.items()]
        return sorted(groups, key=lambda group: (-accounts[group.account], group.account, -group.cost_usd))


def explain(
    loaded: LoadedScenario, evaluation: Evaluation, text: str, *, month: int | None = None, lens: Lens = "accrual"
) -> Provenance:
    """Find the ledger lines behind a total, an account, a line or a key.

    Args:
        loaded: the scenario with the places of its keys.
        evaluation: options and their ledger; the answer covers the options that were evaluated.
        text: what the user asks about.
        month: the only month to look at, 0 for the first; None for the whole horizon.
        lens: whether amounts count over the months that they serve (`accrual`), or when they are paid (`cash`).

    Raises:
        UsageError: when the text names nothing; the nearest names are given.
    """
    keys = keys_of(loaded.scenario)
    known = _lines(evaluation.ledger, loaded.lines())
    options = tuple(evaluation.scenario.options)
    where = loaded.file if len(options) > 1 else f"option {options[0]} of {loaded.file}"
    target = find_target(text, [line.account for line in known], [line.item for line in known], keys, where)
    meant = [line for line in known if _means(target, keys)(line)]
    numbers = set(counted_lines(evaluation.ledger, evaluation.scenario.horizon_months, lens).index)
    monthly = monthly_usd(evaluation.ledger, evaluation.scenario, lens)

    def counts(line: Line) -> bool:
        return line.number in numbers and month in (None, line.month)

    return Provenance(
        target=target,
        options=options,
        counted=tuple(filter(counts, known)),
        chosen=tuple(filter(counts, meant)),
        totals_usd={option: float(path.sum() if month is None else path[month]) for option, path in monthly.items()},
        month=month,
        lens=lens,
        lenses_differ=bool((evaluation.ledger["view"] != "both").any()),
        other_lens=any(line.number not in numbers for line in meant),
        key=_answer(loaded, keys, keys[target.name], known) if target.kind is TargetKind.KEY else None,
        also_key=target.kind is TargetKind.ACCOUNT and target.name in keys,
    )


def counted_lines(ledger: pd.DataFrame, horizon_months: int, lens: Lens) -> pd.DataFrame:
    """Return the lines that count towards a total: within the horizon, and through one lens."""
    seen = through(ledger, lens)
    return seen[(seen["month"] >= 0) & (seen["month"] < horizon_months)]


def _lines(ledger: pd.DataFrame, places: Mapping[str, int]) -> tuple[Line, ...]:
    named = [name for name in Line.__dataclass_fields__ if name not in ("number", "scenario_line")]
    rows = zip(*(ledger[name].tolist() for name in named), strict=True)
    found = (dict(zip(named, row, strict=True)) for row in rows)
    return tuple(
        Line(number=number, scenario_line=places.get(row["scenario_key"]), **row)
        for number, row in zip(ledger.index.tolist(), found, strict=True)
    )


def _means(target: Target, keys: Mapping[str, Key]) -> Callable[[Line], bool]:
    """Say which lines a target means; of a key, those whose price it names or holds."""
    if target.kind is TargetKind.TOTAL:
        return lambda line: True  # noqa: ARG005  # every line
    if target.kind is TargetKind.ACCOUNT:
        return lambda line: f"{line.account}:".startswith(f"{target.name}:")
    if target.kind is TargetKind.LINE:
        return lambda line: line.item == target.name
    key = keys[target.name]
    # by path and not by text: a tier may be named llama-3 and another llama-3.1
    pricing = {name for name, price in keys.items() if key.holds(price.path) or _is_part(key, price)}
    return lambda line: line.scenario_key in pricing


def _is_part(key: Key, price: Key) -> bool:
    """Whether a key states a figure of a price; a router's shares stand beside the price of its decisions."""
    below = price.holds(key.path) and key.path != price.path
    return below and ((key.unit or "").startswith("USD") or key.field in ("source", "source_date", "steps"))


def _answer(loaded: LoadedScenario, keys: Mapping[str, Key], key: Key, known: Sequence[Line]) -> KeyAnswer:
    value, line = written(loaded, key)
    below = [inner for inner in keys.values() if key.holds(inner.path) and inner is not key and not inner.is_block]
    told = [(inner, *written(loaded, inner)) for inner in below]
    given = sorted(((inner, value, at) for inner, value, at in told if at is not None), key=lambda each: each[2])
    prices = [keys[name] for name in dict.fromkeys(line.scenario_key for line in known) if name in keys]
    part_of = next((price.name for price in prices if _is_part(key, price)), None)
    is_price = part_of is not None or key in prices
    holds_price = any(key.holds(price.path) for price in prices)
    return KeyAnswer(
        key=key,
        value=value,
        line=line,
        inner=tuple(given) if key.is_block else (),
        defaults=tuple(inner for inner, _, at in told if at is None and len(inner.path) == len(key.path) + 1),
        priced_by=part_of,
        drives="" if is_price else what_it_drives(loaded.scenario, key.path, loaded.file),
        priced_block=None if is_price or holds_price else _block_above(key, keys, prices),
    )


def _block_above(key: Key, keys: Mapping[str, Key], prices: Sequence[Key]) -> str | None:
    """Name the nearest tier or block of an option above a key that prices lines."""
    above = [each for each in keys.values() if each.holds(key.path) and 2 <= len(each.path) < len(key.path)]
    nearest = [each.name for each in reversed(above) if any(each.holds(price.path) for price in prices)]
    return nearest[0] if nearest else None
