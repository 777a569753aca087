"""Build against buy, and rules of thumb, as sections of a comparison and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tco.decide.advice import Advice
from tco.decide.break_even import PriceBreakEven, Span, VolumeSearch
from tco.decide.verdict import BuildVerdict
from tco.finance.lock_in import LockIn
from tco.finance.value import BUY_ABOVE
from tco.report.accounts import account_style
from tco.report.document import Column, Table, Text
from tco.report.money import Money
from tco.report.numbers import counted, share_used


@dataclass(frozen=True, slots=True)
class Explanation:
    """What `tco compare --explain` adds."""

    verdicts: tuple[BuildVerdict, ...]
    advice: tuple[Advice, ...]
    money: Money
    locks: dict[str, tuple[LockIn, ...]]

    def sections(self) -> tuple[Text | Table, ...]:
        """Write it for people."""
        in_tables = {verdict.build.name for verdict in self.verdicts}
        others = {name: locks for name, locks in self.locks.items() if name not in in_tables}
        return (
            *verdict_sections(self.verdicts, self.money),
            *leaving_sections(others, self.money),
            *advice_sections(self.advice, self.money),
        )

    def json(self) -> dict[str, Any]:
        """Write it for programs."""
        lock_in = {name: [_lock_json(lock) for lock in locks] for name, locks in self.locks.items()}
        return {**verdicts_json(self.verdicts, self.advice), "lock_in": lock_in}


OPTIONS_ABREAST = 3  # of a table; with more, numbers would not fit beside each other
PRICES_SHOWN = 4  # accounts, the largest first


def verdict_sections(verdicts: tuple[BuildVerdict, ...], money: Money) -> list[Text | Table]:
    """Write a column for every option that is built, a few in each table, and what the rows mean."""
    if not verdicts:
        return []
    tables = [
        _table(verdicts[first : first + OPTIONS_ABREAST], money) for first in range(0, len(verdicts), OPTIONS_ABREAST)
    ]
    return [*tables, Text(_reading(verdicts), "note")]


def _table(verdicts: tuple[BuildVerdict, ...], money: Money) -> Table:
    rows: list[tuple[str, ...]] = [
        ("cost over the plan", *map(_ratio, verdicts)),
        ("ahead in months", *map(_months, verdicts)),
        ("cheaper at requests a month", *(_volume(verdict.volume) for verdict in verdicts)),
        ("times the load on the same fleet", *map(_load, verdicts)),
        ("GPU hours used, now and needed", *map(_used, verdicts)),
    ]
    for account in _deciding(verdicts)[:PRICES_SHOWN]:
        cells = (_price(verdict.prices, account) for verdict in verdicts)
        rows.append((f"times the price: {account_style(account).phrase}", *cells))
    rows.append(("a month of delay costs, at first", *(money.whole(verdict.delay.first_usd) for verdict in verdicts)))
    rows.append(("a month of delay costs, at the end", *(money.whole(verdict.delay.last_usd) for verdict in verdicts)))
    for place, lock in enumerate(verdicts[0].locks[verdicts[0].build.name]):
        cells = (money.whole(verdict.locks[verdict.build.name][place].total_usd) for verdict in verdicts)
        rows.append((f"cost to leave after {counted(lock.month + 1, 'month')}", *cells))
    columns = (
        Column(f"Break-even against {verdicts[0].buy.name}", numeric=False),
        *(Column(verdict.build.name) for verdict in verdicts),
    )
    return Table("", columns, tuple(rows))


def _deciding(verdicts: tuple[BuildVerdict, ...]) -> list[str]:
    """List the accounts of which some price makes both options cost the same, the largest amount first."""
    found = dict.fromkeys(price.account for verdict in verdicts for price in verdict.prices if price.factor is not None)
    return list(found)


def _ratio(verdict: BuildVerdict) -> str:
    if verdict.build.build_ratio is None:
        return "the vendor is free"
    told = {"buy": "rent", "build": "own"} if verdict.rents else {}
    word = verdict.build.verdict or ""
    return f"{verdict.build.build_ratio:.2f} x: {told.get(word, word)}"


def _months(verdict: BuildVerdict) -> str:
    """Say in which months building is ahead, counted from 1.

    A span that ends with the plan is said by its beginning only.
    """
    if not verdict.months:
        return "never"
    last = len(verdict.build.monthly_usd) - 1
    return ", ".join(
        f"from {first + 1}" if end == last else f"{first + 1} to {end + 1}" for first, end in verdict.months
    )


def _volume(found: VolumeSearch) -> str:
    if not found.spans:
        return f"none up to {_big(found.highest)}"
    return ", ".join(_span(span, found) for span in found.spans)


def _span(span: Span, found: VolumeSearch) -> str:
    if span.low is None and span.high is None:
        return f"all, {_big(found.lowest)} to {_big(found.highest)}"
    if span.low is None:
        return f"up to {_big(span.high or 0.0)}"
    return f"from {_big(span.low)}" if span.high is None else f"{_big(span.low)} to {_big(span.high)}"


def _big(volume: float) -> str:
    """Write a number of requests with three digits.

    >>> _big(9_353_682.0), _big(2343.75), _big(12.3)
    ('9.35 M', '2.34 k', '12.3')
    """
    for size, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if volume >= size:
            return f"{volume / size:.3g}{letter}"
    return f"{volume:.3g}"


def _load(verdict: BuildVerdict) -> str:
    if verdict.load is not None:
        return f"{verdict.load:.3g} x"
    return "cheaper as it is" if verdict.build.total_usd <= verdict.buy.total_usd else "no load"


def _used(verdict: BuildVerdict) -> str:
    """Say how busy the fleet is, and how busy it would have to be; above 100 % a larger one is needed."""
    if verdict.used_share is None:
        return "-"
    now = share_used(verdict.used_share)
    needed = verdict.used_share_needed
    if needed is None:
        return now
    return f"{now}, {share_used(needed)}" if needed <= 1 else f"{now}, over 100%"


def _price(prices: tuple[PriceBreakEven, ...], account: str) -> str:
    found = next((price for price in prices if price.account == account), None)
    return "-" if found is None or found.factor is None else f"{found.factor:.3g} x"


def leaving_sections(locks: dict[str, tuple[LockIn, ...]], money: Money) -> list[Text]:
    """Say what leaving each of these options costs, where it costs anything."""
    return [Text(told) for name, found in locks.items() if (told := _leaving(name, found, money))]


def _leaving(option: str, locks: tuple[LockIn, ...], money: Money) -> str:
    bound = [lock for lock in locks if abs(lock.total_usd) >= 1.0]
    told = ", ".join(f"{money.whole(lock.total_usd)} after {counted(lock.month + 1, 'month')}" for lock in bound)
    return f"Leaving {option} costs {told}." if told else ""


def _reading(verdicts: tuple[BuildVerdict, ...]) -> str:
    volume = verdicts[0].volume
    return (
        f"The rule of thumb says buy above {BUY_ABOVE:g} x. Volumes are those of the first month, "
        f"searched from {_big(volume.lowest)} to {_big(volume.highest)} with fleets sized anew at each, to 1 %; "
        "crossings closer together than the grid may be missed. The load keeps fleet and staff as they are and says "
        "nothing of whether they can carry it; GPU hours used are needed in that measure. A price's factor moves all "
        "prices of that account, of both options, and "
        "nothing else; '-' where no price does it. A month of delay costs the vendor's bill less what the own option "
        "would cost to run; below zero, waiting saves. Leaving costs what is committed, prepaid and not yet written "
        "off, and the option's `exit` where it has one; servers are counted as if they sold for nothing."
    )


def advice_sections(found: tuple[Advice, ...], money: Money) -> list[Text | Table]:
    """Write the rules that apply as a table with their reasons below, and name those that do not."""
    applies = [each for each in found if each.agrees is not None]
    sections: list[Text | Table] = []
    if applies:
        columns = (Column("Rule of thumb", numeric=False), Column("Your numbers", numeric=False))
        rows = tuple((f"{each.rule}: {each.says}", "agree" if each.agrees else "disagree") for each in applies)
        sections.append(Table("", columns, rows))
    for each in applies:
        agree = "The numbers agree" if each.agrees else "The numbers disagree"
        why = f" Because {each.why}." if each.why else ""
        sections.append(Text(f"{each.rule}. Here: {each.here}. {agree}: {each.numbers}.{why}"))
    idle = [f"{each.rule} ({each.why})" for each in found if each.agrees is None]
    if idle:
        sections.append(Text(f"Rules that do not apply: {'; '.join(idle)}.", "note"))
    if applies and money.currency != "USD":
        sections.append(Text("Rules of thumb are published in USD, and held against the plan in USD.", "note"))
    return sections


def verdicts_json(verdicts: tuple[BuildVerdict, ...], found: tuple[Advice, ...]) -> dict[str, Any]:
    """Write both for programs; months count from 0."""
    return {
        "build_or_buy": [_verdict_json(verdict) for verdict in verdicts],
        "advice": [
            {
                "rule": each.rule, "says": each.says, "here": each.here, "numbers": each.numbers,
                "agrees": each.agrees, "why": each.why,
            }
            for each in found
        ],
    }  # fmt: skip


def _verdict_json(verdict: BuildVerdict) -> dict[str, Any]:
    volume = verdict.volume
    return {
        "build": verdict.build.name,
        "buy": verdict.buy.name,
        "ratio": verdict.build.build_ratio,
        "ahead_months": [list(span) for span in verdict.months],
        "break_even_requests_per_month": [{"low": span.low, "high": span.high} for span in volume.spans],
        "searched_requests_per_month": [volume.lowest, volume.highest],
        "volumes": [
            {"requests_per_month": p.requests_per_month, "build_usd": p.build_usd, "buy_usd": p.buy_usd}
            for p in volume.points
        ],
        "price_factors": {price.account: price.factor for price in verdict.prices},
        "load_factor": verdict.load,
        "gpu_used_share": verdict.used_share,
        "gpu_used_share_needed": verdict.used_share_needed,
        "delay_usd_per_month": {"first": verdict.delay.first_usd, "last": verdict.delay.last_usd},
        "lock_in": {name: [_lock_json(lock) for lock in locks] for name, locks in verdict.locks.items()},
    }  # fmt: skip


def _lock_json(lock: LockIn) -> dict[str, Any]:
    return {
        "month": lock.month, "owed_usd": lock.owed_usd, "prepaid_usd": lock.prepaid_usd,
        "hardware_usd": lock.hardware_usd, "moving_usd": lock.moving_usd, "total_usd": lock.total_usd,
    }  # fmt: skip
