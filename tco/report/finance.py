"""Money over time and by the unit, as tables, notes and rows: what a finance department asks of a comparison."""

from __future__ import annotations

from tco.decide.build_case import BuildCase, build_case
from tco.decide.compare import Comparison, OptionSummary
from tco.finance.statement import statement
from tco.finance.tier_costs import TierCost, tier_costs
from tco.finance.totals import left_over_usd, still_owed_usd, through
from tco.finance.unit_economics import Business
from tco.pipeline import Evaluation
from tco.report.document import Column, Table, Text
from tco.report.money import Money
from tco.report.numbers import counted, share_used
from tco.report.recommendation import ContestWords, contest_words

MODEL_TARGET_SHARE = 0.2  # of the first year's gross margin at most: brief S18
CENT_USD = 0.005  # less is not worth a note


def finance_tables(evaluation: Evaluation, comparison: Comparison) -> tuple[Table | Text, ...]:
    """Explain the money: each tier by the token, each year by kind and view, building as an investment."""
    money, costs = Money.of(evaluation.scenario), all_tier_costs(evaluation, comparison)
    case = build_case(evaluation, comparison)
    return (
        _token_table(costs, money),
        *(Text(note, "note") for note in _token_notes(costs)),
        _statement_table(evaluation, money),
        Text("Paid: cash, when it is due. Used up: accrual, over the life of what is bought or prepaid. Capex: "
             "servers. Building and commitments are opex. Year 1 is the plan's first twelve months.", "note"),
        *((Text(build_case_words(case, money, contest_words(comparison)), "body"),) if case is not None else ()),
    )  # fmt: skip


def all_tier_costs(evaluation: Evaluation, comparison: Comparison) -> dict[str, tuple[TierCost, ...]]:
    """Divide every option's serving cost by the tokens of its tiers, by the option's name."""
    scenario, months = evaluation.scenario, evaluation.months
    return {
        option.name: tier_costs(scenario, evaluation.ledger, evaluation.meters, evaluation.plans[option.name], months)
        for option in comparison.options
    }


# ---------------------------------------------------------------- by the unit


def unit_table(evaluation: Evaluation, comparison: Comparison) -> Table:
    """Show what one more request, a million tokens, a user and a seat cost, and what models take of the margin."""
    money, costs = Money.of(evaluation.scenario), all_tier_costs(evaluation, comparison)
    each = f"{money.symbol}/"
    columns = [
        ("One more", [money.each(option.units.marginal_usd_per_request) for option in comparison.options]),
        (f"{each}Mtok", [_each(_usd_per_mtok(option, costs[option.name]), money) for option in comparison.options]),
        (f"{each}user-month", [_each(option.units.cost_usd_per_user_month, money) for option in comparison.options]),
        (f"{each}seat-month", [_each(option.units.cost_usd_per_seat_month, money) for option in comparison.options]),
        ("Models/revenue", [_share(option, of_margin=False) for option in comparison.options]),
        ("Models/margin", [_share(option, of_margin=True) for option in comparison.options]),
    ]
    shown = [(heading, cells) for heading, cells in columns if any(cell != "-" for cell in cells)]
    names = [option.name for option in comparison.options]
    heads = (Column("By the unit", numeric=False), *(Column(heading) for heading, _ in shown))
    return Table("", heads, tuple(zip(names, *(cells for _, cells in shown), strict=True)))


def _each(usd: float | None, money: Money) -> str:
    return "-" if usd is None else money.each(usd)


def _usd_per_mtok(option: OptionSummary, costs: tuple[TierCost, ...]) -> float | None:
    """Divide all that models cost, contracts included, by the tokens of every tier."""
    tokens = sum(cost.input_mtok + cost.output_mtok for cost in costs)
    models_usd = sum(usd for account, usd in option.accounts_usd.items() if account.startswith("serving:"))
    return models_usd / tokens if tokens > 0 else None


def _share(option: OptionSummary, *, of_margin: bool) -> str:
    year = option.units.first_year
    if year is None:
        return "-"
    share = year.model_margin_share if of_margin else year.model_revenue_share
    return "no margin" if share is None else share_used(share)


def finance_notes(evaluation: Evaluation, comparison: Comparison) -> list[str]:
    """Say where models take much of the margin, what is still owed after the plan, and what is left over."""
    scenario, money = evaluation.scenario, Money.of(evaluation.scenario)
    known = [(option.name, option.units.first_year) for option in comparison.options]
    above = [name for name, year in known if year is not None and _is_above(year)]
    sells = " Models over revenue and over gross margin: in the first year." if scenario.business else ""
    lens = "One more: what moves with every request, at the plan's mean; a fleet costs more when it grows by a replica."
    notes = [f"{lens}{sells}"]
    if above:
        notes.append(
            f"Model spend is more than {MODEL_TARGET_SHARE:.0%} of the first year's gross margin, the usual target, in "
            f"{', '.join(above)}."
        )
    owed, left = still_owed_usd(evaluation.tail, scenario), left_over_usd(evaluation.tail, scenario)
    for option in comparison.options:
        name = option.name
        if owed[name] > CENT_USD:
            months = counted(_months_owed(evaluation, name), "month")
            notes.append(f"{name}: commitments run {months} past the plan: {money.whole(owed[name])} still owed.")
        if left[name] > CENT_USD:
            counts = "the NPV counts it" if scenario.finance.left_over == "book" else "the NPV does not count it"
            notes.append(
                f"{name}: what is bought or prepaid and not used up by the end of the plan is worth "
                f"{money.whole(left[name])}; {counts}."
            )
    return notes


def _is_above(year: Business) -> bool:
    share = year.model_margin_share
    return share is None or share > MODEL_TARGET_SHARE


def _months_owed(evaluation: Evaluation, option: str) -> int:
    due = through(evaluation.tail, "cash")
    last = due.loc[(due["option"] == option) & (due["cost_usd"] > 0), "month"].max()
    return int(last) + 1 - evaluation.scenario.horizon_months


# ---------------------------------------------------------------- by the token


def _token_table(costs: dict[str, tuple[TierCost, ...]], money: Money) -> Table:
    each = f"{money.symbol}/Mtok"
    columns = (
        Column("By the token", numeric=False), Column("Tier", numeric=False), Column(each), Column("of answers"),
        Column("usage-based"), Column("Hours used"), Column("Load"), Column("full"), Column("Replica-month"),
    )  # fmt: skip
    rows = tuple(
        (
            cost.option, cost.tier, _each(cost.usd_per_mtok, money), _each(cost.usd_per_output_mtok, money),
            _each(cost.used_usd_per_mtok, money), "-" if cost.used_share is None else share_used(cost.used_share),
            "-" if cost.load_share is None else f"{cost.load_share:.0%}", _each(cost.full_usd_per_output_mtok, money),
            "-" if cost.replica_month_usd is None else money.whole(cost.replica_month_usd),
        )
        for tiers in costs.values()
        for cost in tiers
    )  # fmt: skip
    return Table("", columns, rows)


def _token_notes(costs: dict[str, tuple[TierCost, ...]]) -> list[str]:
    """Say which of two figures to hold against a vendor's, where both are there."""
    both = [cost for tiers in costs.values() for cost in tiers if cost.used_usd_per_mtok is not None]
    if not both:
        return []
    return [
        "Hold the first figure against a vendor's: it spreads all that is paid over the tokens served, idle hours "
        "included. The usage-based one counts only the share of the paid GPU-hours in which replicas worked, and "
        f"flatters fleets of one's own, here {', '.join(dict.fromkeys(cost.tier for cost in both))}. Hours used: the "
        "busiest hour's at the mean hour's rate; those of fleets that batch are more. Load: tokens served over those "
        "that replicas would serve if they were full in every paid hour; full: what a million answer tokens would cost "
        "then, which is how studies quote it. Replica-month: what one more replica costs, at the plan's mean."
    ]


# ---------------------------------------------------------------- by the year


def _statement_table(evaluation: Evaluation, money: Money) -> Table:
    cells: dict[tuple[str, int, bool], dict[tuple[str, str], float]] = {}
    for cell in statement(evaluation.ledger, evaluation.tail, evaluation.scenario):
        cells.setdefault((cell.option, cell.year, cell.within_plan), {})[cell.kind, cell.lens] = cell.cost_usd
    heads = {
        ("opex", "cash"): "Opex paid", ("capex", "cash"): "Capex paid",
        ("opex", "accrual"): "Opex used up", ("capex", "accrual"): "Depreciation",
    }  # fmt: skip
    if all(abs(sums["opex", "cash"] - sums["opex", "accrual"]) <= CENT_USD for sums in cells.values()):
        heads = {("opex", "cash"): "Opex", **{key: head for key, head in heads.items() if key[0] == "capex"}}
    shown = {key: head for key, head in heads.items() if any(abs(sums[key]) > CENT_USD for sums in cells.values())}
    columns = (Column("By the year", numeric=False), Column("Year", numeric=False), *map(Column, shown.values()))
    rows = tuple(
        (option, f"{year}" if within else f"{year}, after the plan", *(money.whole(sums[key]) for key in shown))
        for (option, year, within), sums in cells.items()
        if within or any(abs(usd) > CENT_USD for usd in sums.values())
    )
    return Table("", columns, rows)


# ---------------------------------------------------------------- building as an investment


def build_case_words(case: BuildCase, money: Money, words: ContestWords) -> str:
    """Say what building instead of buying pays back, when, and at which rate."""
    spared = float(case.flow_usd.sum())
    verb, left = "spares" if spared >= 0 else "costs", money.whole(abs(case.left_over_usd))
    over = "" if spared >= 0 else " more"
    worth = f", and {left} {'are' if case.left_over_usd >= 0 else 'less are'} left" if case.left_over_usd else ""
    without, with_it = (", what is left not counted", ", with what is left,") if case.left_over_usd else ("", "")
    instead = f"{words.building.capitalize()} {case.build} instead of {words.buying} {case.vendor}, as paid"
    return (
        f"{instead}, {verb} {money.whole(abs(spared))}{over} over the plan{worth}. "
        f"{_payback_words(case)}{without}; {_rates_words(case, with_it)}."
    )


def _payback_words(case: BuildCase) -> str:
    if case.payback_month is None:
        return "It is not paid back within the plan"
    if case.payback_month == 0:
        return "It costs less from the first month on"
    later = case.discounted_payback_month
    discounted = "never within the plan" if later is None else f"in month {later + 1}"
    return f"It is paid back in month {case.payback_month + 1}, discounted {discounted}"


def _rates_words(case: BuildCase, with_it: str) -> str:
    rates = [f"{rate:,.0%}" if abs(rate) >= 10 else f"{rate:.1%}" for rate in case.rates_per_year]
    if not rates:
        laid_out = bool((case.flow_usd < 0).any())
        return "no internal rate of return exists" if laid_out else "nothing is laid out that a rate could be held to"
    if len(rates) == 1:
        return f"the internal rate of return{with_it} is {rates[0]} a year"
    return (
        f"{len(rates)} internal rates of return exist, {', '.join(rates)} a year, of which none alone says what it "
        "earns: the present value does"
    )
