"""Where a figure comes from: what is told of it adds up to it, and leads to the line of the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tco.decide.provenance import Provenance, _means, explain
from tco.decide.targets import Target, TargetKind
from tco.errors import UsageError
from tco.pipeline import Evaluation, evaluate
from tco.scenario.describe import keys_of
from tco.scenario.loader import load_scenario
from tests.decide.asked import TEXT, asked, line_of

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The scenario with its file."""
    return asked(tmp_path_factory.mktemp("asked"))


@pytest.fixture(scope="module")
def evaluation(loaded):
    """What it comes to."""
    return evaluate(loaded)


@pytest.fixture
def ask(loaded, evaluation):
    """Ask where a figure comes from."""
    return lambda text, **how: explain(loaded, evaluation, text, **how)


def spent_usd(evaluation: Evaluation, option: str, lens: str = "accrual", month: int | None = None, **equal) -> float:
    """Add up quantity x unit price over the ledger's rows, each looked at by itself."""
    total = 0.0
    for row in evaluation.ledger.to_dict("records"):
        if row["option"] != option or row["view"] not in ("both", lens) or month not in (None, row["month"]):
            continue
        if all(row[name].startswith(value) for name, value in equal.items()):
            total += row["quantity"] * row["unit_price_usd"]
    return total


def require_tie(found: Provenance, evaluation: Evaluation, **equal: str) -> None:
    """The chosen lines, their groups, and the total that they are a share of are the ledger's."""
    for option in found.options:
        expected = spent_usd(evaluation, option, found.lens, found.month, **equal)
        assert expected == pytest.approx(sum(line.cost_usd for line in found.of(option)), rel=1e-9)
        assert expected == pytest.approx(sum(group.cost_usd for group in found.groups(option)), rel=1e-9)
        whole = spent_usd(evaluation, option, found.lens, found.month)
        assert whole == pytest.approx(found.totals_usd[option], rel=1e-9)
        assert whole == pytest.approx(sum(line.cost_usd for line in found.counted if line.option == option), rel=1e-9)


CUTS = {
    "total": {},
    "serving": {"account": "serving:"},
    "serving:gpu": {"account": "serving:gpu"},
    "people:run": {"account": "people:run"},
    "llama-3 input tokens": {"item": "llama-3 input tokens"},
    "engineers, run": {"item": "engineers, run"},
    "people.engineer": {"scenario_key": "people.engineer"},
    "tiers.llama-3": {"scenario_key": "tiers.llama-3.price"},
    "tiers.mixed": {"scenario_key": "tiers.mixed."},
    "tiers.mixed.purchase.reserved[0]": {"scenario_key": "tiers.mixed.purchase.reserved[0].price"},
    "options.api.cache": {"scenario_key": "options.api.cache."},
    "tiers": {"scenario_key": "tiers."},
}


@pytest.mark.parametrize("lens", ["accrual", "cash"])
@pytest.mark.parametrize("text", CUTS)
def test_what_is_told_adds_up_to_the_ledger(ask, evaluation, text, lens):
    """Total, account, line and key, over the horizon and in one month, through either lens."""
    require_tie(ask(text, lens=lens), evaluation, **CUTS[text])
    require_tie(ask(text, lens=lens, month=2), evaluation, **CUTS[text])


@pytest.mark.parametrize("text", CUTS)
def test_a_line_that_is_dropped_or_told_twice_is_caught(ask, evaluation, text):
    """The law above bites."""
    found = ask(text)
    dearest = max(found.chosen, key=lambda line: line.cost_usd)
    without = replace(found, chosen=tuple(line for line in found.chosen if line is not dearest))
    twice = replace(found, chosen=(*found.chosen, dearest))

    with pytest.raises(AssertionError):
        require_tie(without, evaluation, **CUTS[text])
    with pytest.raises(AssertionError):
        require_tie(twice, evaluation, **CUTS[text])


def test_a_line_by_hand(ask):
    """0.5 engineers at $240,000 a year are 0.5 / 12 years and $10,000 a month, named in the file by people.engineer."""
    (line,) = ask("engineers, run", month=3).of("fleet")

    assert (0.5 / 12, "engineer-years", 240_000.0) == (line.quantity, line.unit, line.unit_price_usd)
    assert 10_000.00 == pytest.approx(line.cost_usd, rel=1e-12)
    assert ("2027-03", "0.5 engineers / 12") == (line.period, line.basis)
    assert ("inline", "our payroll", "2026-10-01") == (line.price_name, line.source, line.source_date)
    assert ("people.engineer", line_of("people: {engineer")) == (line.scenario_key, line.scenario_line)


def test_what_is_bought_counts_when_it_is_paid_or_over_its_life(ask):
    """$24,000 a server: all of it in month 1 when paid, 1/24 of it in every month when used up."""
    bought, written_off = ask("bought servers bought", lens="cash"), ask("bought servers written off")

    assert [(0, 24_000.00)] == [(line.month, line.cost_usd) for line in bought.chosen]
    assert [1_000.00] * 6 == pytest.approx([line.cost_usd for line in written_off.chosen])
    assert bought.lenses_differ
    assert written_off.lenses_differ


def test_a_line_of_the_other_lens_is_known_and_not_counted(ask):
    """A purchase is no line of the months that use it; who asks for it is told of the other lens."""
    found = ask("bought servers bought")

    assert () == found.chosen
    assert found.other_lens
    assert not ask("engineers, run").other_lens


def test_a_tier_whose_name_begins_another_tiers_name_is_told_apart(ask):
    """llama-3 is not the beginning of llama-3.1, though its text is."""
    keys = {line.scenario_key for line in ask("tiers.llama-3").chosen}

    assert {"tiers.llama-3.price"} == keys
    assert {"tiers.llama-3.1.price"} == {line.scenario_key for line in ask("tiers.llama-3.1").chosen}


def test_an_account_is_not_the_beginning_of_another_accounts_word(ask):
    """serving:gpu holds serving:gpu:spot, and would not hold serving:gpus."""
    line = ask("total").chosen[0]
    means = _means(Target(TargetKind.ACCOUNT, "serving:gpu"), {})

    accounts = ["serving:gpu", "serving:gpu:spot", "serving:gpus", "serving"]
    assert ["serving:gpu", "serving:gpu:spot"] == [name for name in accounts if means(replace(line, account=name))]


def test_groups_are_items_the_dearest_account_first(ask):
    """Each item once, its months in order; no account comes twice."""
    found = ask("total")
    for option in found.options:
        groups = found.groups(option)
        accounts = [group.account for group in groups]
        runs = [account for place, account in enumerate(accounts) if accounts[place - 1 : place] != [account]]
        spent = {name: sum(group.cost_usd for group in groups if group.account == name) for name in runs}

        assert len(runs) == len(set(accounts))
        assert sorted(spent.values(), reverse=True) == list(spent.values())
        assert all(
            [line.month for line in group.lines] == sorted(line.month for line in group.lines) for group in groups
        )


# ---------------------------------------------------------------- keys


def test_a_key_is_told_with_its_value_line_unit_and_meaning(ask):
    """As the file writes it."""
    answer = ask("traffic.growth_fraction_per_month").key

    assert (0.05, line_of("growth_fraction_per_month")) == (answer.value, answer.line)
    assert "fraction per month" == answer.key.unit
    assert answer.key.documentation.startswith("Growth from each month to the next")


def test_a_key_that_prices_nothing_has_no_lines_and_says_what_it_drives(ask):
    """Growth multiplies requests; no price names it."""
    found = ask("traffic.growth_fraction_per_month")

    assert () == found.chosen
    assert found.key.drives.startswith("Multiplies the requests")
    assert found.key.priced_block is None


def test_a_key_beside_a_price_leads_to_the_lines_of_its_block(ask):
    """The latency of a tier prices nothing; the tier does."""
    found = ask("tiers.llama-3.latency")

    assert () == found.chosen
    assert "tiers.llama-3" == found.key.priced_block
    assert "Used by api." in found.key.drives


def test_a_figure_of_a_price_leads_to_the_lines_of_the_price(ask):
    """The ledger names the price as a whole, so its lines are told, and that they are."""
    found = ask("tiers.llama-3.price.output_usd_per_mtok")

    assert "tiers.llama-3.price" == found.key.priced_by
    assert ask("tiers.llama-3.price").chosen == found.chosen
    assert "" == found.key.drives


def test_a_default_is_told_as_one(ask):
    """It has no line in the file."""
    answer = ask("tiers.llama-3.error_share").key

    assert (0.0, None) == (answer.value, answer.line)


def test_a_block_lists_what_the_file_gives_and_what_it_leaves(ask):
    """In the file's order, with lines; the rest by name."""
    answer = ask("options.fleet").key

    given = [(key.name, line) for key, _, line in answer.inner]
    start = line_of("  fleet:")
    assert [
        ("options.fleet.router.kind", start + 1),
        ("options.fleet.router.shares.mixed", start + 1),
        ("options.fleet.router.shares.bought", start + 1),
        ("options.fleet.people.run_engineer_fte", start + 2),
    ] == given
    assert "cache" in [key.path[-1] for key in answer.defaults]
    assert "people" not in [key.path[-1] for key in answer.defaults]


def test_an_account_that_is_a_key_too_is_an_account(ask):
    """And the answer says so."""
    found = ask("people")

    assert TargetKind.ACCOUNT is found.target.kind
    assert found.also_key
    assert not ask("serving").also_key


def test_one_option_answers_for_itself(loaded):
    """What another option pays is not its line; the message says where was looked."""
    scenario = loaded.scenario
    alone = evaluate(scenario.model_copy(update={"options": {"fleet": scenario.options["fleet"]}}))

    assert ("fleet",) == explain(loaded, alone, "total").options
    assert () == explain(loaded, alone, "tiers.llama-3").chosen
    with pytest.raises(UsageError, match="no account, line or key of option fleet of "):
        explain(loaded, alone, "llama-3 input tokens")


@pytest.mark.parametrize("name", ["support-copilot", "levers/ann-cache", "levers/placement", "levers/quality-routing"])
def test_every_price_of_a_ledger_is_a_key_of_its_file(name):
    """Else its lines could not be asked for by key."""
    shipped = load_scenario(SCENARIOS / f"{name}.yaml")
    prices = set(evaluate(shipped).ledger["scenario_key"])

    assert set() == prices - set(keys_of(shipped.scenario))
    assert set() == prices - set(shipped.lines())


def test_every_price_of_the_scenario_is_a_key_of_its_file(loaded, evaluation):
    """Commitments, which stand in a list, included."""
    prices = set(evaluation.ledger["scenario_key"])

    assert "tiers.mixed.purchase.reserved[0].price" in prices
    assert set() == prices - set(keys_of(loaded.scenario)) == prices - set(loaded.lines())


def test_the_scenario_has_every_kind_of_line(evaluation):
    """Else the laws above would prove little: both lenses, negotiated and inline prices, accounts of three parts."""
    ledger = evaluation.ledger

    assert {"both", "cash", "accrual"} == set(ledger["view"])
    assert {"inline", "openai/gpt-6.1-terra"} <= set(ledger["price_name"])
    assert any(ledger["price_note"])
    assert {1, 2} == {account.count(":") for account in ledger["account"]}
    assert "llama-3.1" in TEXT
