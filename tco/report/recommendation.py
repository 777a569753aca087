"""The recommendation in two sentences, and limits in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tco.decide.build_case import cheapest_build
from tco.decide.compare import Check, Comparison, OptionSummary
from tco.finance.value import BUY_ABOVE, cheapest_usd
from tco.report.money import Money
from tco.report.numbers import counted
from tco.scenario import Scenario


def recommendation(comparison: Comparison, scenario: Scenario) -> str:
    """Say in two sentences what to choose, and the numbers that it rests on."""
    money = Money.of(scenario)
    return f"{_first_sentence(comparison, scenario, money)} {_second_sentence(comparison, money)}"


def _first_sentence(comparison: Comparison, scenario: Scenario, money: Money) -> str:
    if comparison.chosen is None:
        near = min(comparison.options, key=lambda option: sum(not check.kept for check in option.checks))
        missed = "; ".join(in_words(check, money) for check in near.checks if not check.kept)
        return f"No option keeps the SLO; {near.name} comes nearest and misses {missed}."
    best = comparison[comparison.chosen]
    months = scenario.horizon_months
    p95 = f", p95 {best.e2e_p95_s:.2f} s" if best.e2e_p95_s is not None else ""
    margin = f", gross margin {best.gross_margin:.0%}" if best.gross_margin is not None else ""
    keeps = "it keeps the SLO at" if best.checks else "it costs"
    return (
        f"Choose {best.name}: {keeps} {money.whole(best.total_usd)} over {counted(months, 'month')} "
        f"(NPV {money.whole(best.npv_usd)}, {money.each(best.cost_usd_per_request)} a request{p95}{margin}), "
        f"{_against_the_next(comparison, best)}."
    )


def _against_the_next(comparison: Comparison, best: OptionSummary) -> str:
    others = [option for option in comparison.options if option.slo_kept and option is not best]
    if not others:
        return "the only option that does" if best.checks else "the only option"
    following = min(others, key=lambda option: option.npv_usd)
    that_keeps = ", the next that keeps it" if best.checks else ", the next"
    if following.npv_usd <= cheapest_usd([best.npv_usd]):
        return f"as much in present value as {following.name}"
    return f"{less(best.npv_usd, following.npv_usd)} less in present value than {following.name}{that_keeps}"


def less(low_usd: float, high_usd: float) -> str:
    """Say by which share one amount is below another; never 100 % where something is left.

    >>> less(60.0, 100.0), less(0.2, 100.0), less(99.9, 100.0)
    ('40%', '99.8%', '0.1%')
    """
    saving = 1.0 - low_usd / high_usd
    digits = 0 if 0.005 <= saving < 0.995 or low_usd == 0 else 1 if saving < 0.9995 else 3
    return f"{saving:.{digits}%}"


def _second_sentence(comparison: Comparison, money: Money) -> str:
    build, words = cheapest_build(comparison), contest_words(comparison)
    if comparison.vendor is None or build is None:
        kinds = "built" if comparison.vendor is None else "bought"
        return f"Every option is {kinds}, so there is no build-or-buy choice to make here."
    buy = comparison[comparison.vendor]
    if build.slo_kept and not buy.slo_kept:
        told = money.whole(build.total_usd)
        return f"No way to {words.buy} keeps the SLO, so {words.build}: {build.name} costs {told}."
    if not build.slo_kept and buy.slo_kept:
        return f"No way to {words.build} keeps the SLO, so {words.buy}: {buy.name} costs {money.whole(buy.total_usd)}."
    times = f"{build.build_ratio:.2f} x" if build.build_ratio is not None else "more than"
    facts = (
        f"The cheapest way to {words.build}, {build.name}, costs {times} the cheapest way to {words.buy}, {buy.name} "
        f"({money.whole(build.total_usd)} against {money.whole(buy.total_usd)})"
    )
    verdict = {
        "buy": f"above the rule's {BUY_ABOVE:g} x, so {words.buy}",
        "close": f"within the rule's {BUY_ABOVE:g} x, so {words.building} needs a reason other than cost",
        "build": f"so {words.building} pays within the horizon",
    }[build.verdict or "buy"]
    return f"{facts}: {verdict}."


@dataclass(frozen=True, slots=True)
class ContestWords:
    """How the two sides of a comparison are called."""

    build: str
    building: str
    buy: str
    buying: str


def contest_words(comparison: Comparison) -> ContestWords:
    """Say what is held against what: to build or to buy, or to own servers or to rent them."""
    if comparison.contest == "own or rent":
        return ContestWords("own", "owning", "rent", "renting")
    return ContestWords("build", "building", "buy", "buying")


def short_limits(names: Iterable[str]) -> str:
    """Name limits of the SLO in a word each, for a table.

    >>> short_limits(["ttft_p95_s", "load_share"])
    'TTFT, overload'
    """
    words = {
        "e2e_p95_s": "p95", "ttft_p95_s": "TTFT", "cost_usd_per_request": "cost",
        "availability_fraction": "uptime", "unanswered_share": "unanswered", "load_share": "overload",
        "success_fraction": "quality",
    }  # fmt: skip
    return ", ".join(words[name] for name in names)


def in_words(check: Check, money: Money) -> str:
    """Say what a limit asks and what is reached.

    >>> in_words(Check("e2e_p95_s", 45.0, 60.149, kept=False), Money())
    'p95 end to end 60.1 s, limit 45 s'
    >>> in_words(Check("cost_usd_per_request", 0.01, 0.0125, kept=False), Money("EUR", 1.25))
    'cost per request 0.01 EUR, limit 0.008 EUR'
    """
    name, unit = {
        "e2e_p95_s": ("p95 end to end", " s"),
        "ttft_p95_s": ("p95 to the first token", " s"),
        "cost_usd_per_request": ("cost per request", f" {money.currency}"),
        "availability_fraction": ("availability", ""),
        "success_fraction": ("share of good answers", ""),
        "load_share": ("work in the busiest hour over what can be done", ""),
        "unanswered_share": ("share of requests without an answer", ""),
    }[check.limit_name]
    worth = money.amount if check.limit_name == "cost_usd_per_request" else float
    value = "unknown" if check.value is None else f"{worth(check.value):.3g}{unit}"
    if check.limit_name == "availability_fraction" and check.value is not None:
        value = f"{check.value:.5g}"  # nines are told apart by the later digits
    return f"{name} {value}, limit {worth(check.limit):g}{unit}"
