"""Charts: nothing is cut, nothing overprints, colours stay, and every case draws marks without a warning.

Warnings are errors in this suite, so a chart that is drawn has given none.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.text import Text

from tco.decide.compare import compare
from tco.decide.sweep import Sweep
from tco.decide.vary import Axis
from tco.domain import ACCOUNTS
from tco.finance.totals import family
from tco.pipeline import evaluate
from tco.report.accounts import GREYS, STYLES, account_style
from tco.report.charts import PALETTE, cost_breakdown, cumulative_cost, sweep_front
from tco.scenario.loader import load_scenario
from tests.report.small import write_small

LONG = "a-name-that-is-forty-characters-long-xxx"
CHARTS = {"cumulative": cumulative_cost.cumulative_cost, "breakdown": cost_breakdown.cost_breakdown}
# Name of a case, and the scenario it draws.
CASES = {
    "one month": {"months": 1, "options": {"bought": ("cheap", 0), "built": ("dear", 50)}},
    "long names": {"options": {LONG: ("dear", 2), LONG[:-1] + "y": ("cheap", 1), "x" * 40: ("dear", 2)}},
    "many long names": {"options": [f"{LONG[:-2]}{number}" for number in range(10, 30)], "months": 40},
    "long title": {"name": "W" * 80},
    "dollars in the title": {"name": "$x_1$ against $y^2$"},
    "one option": {"options": [LONG]},
    "dear options dwarf others": {"options": {"a": ("dear", 1), LONG: ("cheap", 1), "b": ("cheap", 400)}, "months": 36},
    "break-even": {"options": {"buy": ("dear", 0), LONG: ("cheap", 1)}, "months": 60, "requests": 100_000},
    "asynchronous": {"latency_class": "async", "months": 1},
}


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    """An evaluation and its comparison."""
    evaluation = evaluate(load_scenario(write_small(tmp_path_factory.mktemp("case"), **CASES[request.param])))
    return evaluation, compare(evaluation)


def beyond(axis):
    """Ticks past the ends of an axis: they exist and are not drawn."""
    low, high = sorted(axis.get_view_interval())
    return [tick for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]


@pytest.fixture
def boxes(monkeypatch):
    """Catch a figure before it is closed: its size and the box of every text that can be seen, in pixels."""
    found = {}

    def catch(figure):
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        unseen = {tick.label1 for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for tick in beyond(axis)}
        texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text() and text not in unseen]
        # The method of the class: an annotation's own would include its line.
        found["texts"] = {id(text): (text.get_text(), Text.get_window_extent(text, renderer)) for text in texts}
        found["size"] = figure.bbox
        return {}

    for module in (cumulative_cost, cost_breakdown, sweep_front):
        monkeypatch.setattr(module, "rendered", catch)
    return found


def cut(found) -> list[str]:
    """Texts that leave the figure."""
    size = found["size"]
    return [
        text
        for text, box in found["texts"].values()
        if box.x0 < 0 or box.y0 < 0 or box.x1 > size.width or box.y1 > size.height
    ]


def overprinted(found) -> list[tuple[str, str]]:
    """Pairs of texts whose letters share more than a line's leading."""
    shrunk = [(text, box.x0 + 1, box.y0 + 3, box.x1 - 1, box.y1 - 3) for text, box in found["texts"].values()]
    return [
        (one[0], other[0])
        for one, other in itertools.combinations(shrunk, 2)
        if one[1] < other[3] and other[1] < one[3] and one[2] < other[4] and other[2] < one[4]
    ]


@pytest.mark.parametrize("chart", CHARTS)
def test_no_text_is_cut_or_left_out_and_none_overprints_another(case, boxes, chart):
    """Whatever the names, the horizon and the spread of costs; every character of every option's name is there."""
    CHARTS[chart](*case)
    told = re.sub(r"\s", "", " ".join(text for text, _ in boxes["texts"].values()))

    assert [] == cut(boxes)
    assert [] == overprinted(boxes)
    assert [] == [option.name for option in case[1].options if re.sub(r"\s", "", option.name) not in told]


def test_the_check_for_cut_text_bites(boxes, monkeypatch, tmp_path):
    """Names that are not folded leave the figure."""
    monkeypatch.setattr(cumulative_cost, "folded", lambda text, *_, **__: text)
    evaluation = evaluate(load_scenario(write_small(tmp_path, name="W" * 80, options=["one"])))
    comparison = compare(evaluation)
    long = replace(comparison.options[0], name="w" * 200)

    cumulative_cost.cumulative_cost(evaluation, replace(comparison, options=(long,), baseline=long.name, chosen=None))

    assert cut(boxes)


def drawn(tmp_path, boxes, **scenario) -> list[str]:
    """Draw the cumulative chart of a small scenario; return its texts."""
    evaluation = evaluate(load_scenario(write_small(tmp_path, **scenario)))
    cumulative_cost.cumulative_cost(evaluation, compare(evaluation))
    return [text.replace("\n", " ") for text, _ in boxes["texts"].values()]


def test_one_month_is_one_mark_over_a_whole_number(tmp_path, boxes):
    """The axis says 1 and nothing between months."""
    texts = drawn(tmp_path, boxes, months=1)

    assert "1" in texts
    assert not [text for text in texts if re.fullmatch(r"[01]\.\d+", text)]


def test_contenders_are_enlarged_only_where_dear_options_dwarf_them(tmp_path, boxes):
    """A second panel, and a word in the first that says so; none where one scale serves all."""
    dwarfed = drawn(tmp_path, boxes, **CASES["dear options dwarf others"])
    alike = drawn(tmp_path, boxes, options=["one", "two"])

    assert "2 options, enlarged on the right" in dwarfed
    assert "Those within 2.5 times the cheapest" in dwarfed
    assert not [text for text in alike if "enlarged" in text or "Those within" in text]


def test_the_break_even_is_marked_and_told_with_its_month(tmp_path, boxes):
    """The month counted from 1, the calendar month, and the amount; in the label at the line's end, too.

    Hand-worked: a request of 1 000 and 100 tokens costs 0.015 USD against 0.0007, so 100 000 a month cost 1 500 against
    70; a week of building costs 4 643. So 1 430 x 3 < 4 643 < 1 430 x 4: the fourth month, March 2027.
    """
    texts = drawn(tmp_path, boxes, options={"buy": ("dear", 0), "make": ("cheap", 1)}, months=12, requests=100_000)
    (callout,) = [text for text in texts if "breaks even" in text]

    assert callout.startswith("make breaks even in month 4 (2027-03) at $")
    assert [text for text in texts if text.startswith("make $") and text.endswith("ahead from month 4")]


def test_accounts_keep_their_colour_whatever_their_rank():
    """A known account has a colour of its own; one below it shares it; an unknown one is always the same grey."""
    assert len({style.colour for style in STYLES.values()}) == len(STYLES)
    assert account_style("serving:gpu:spot").colour == account_style("serving:gpu").colour
    assert account_style("platform:kettle").colour in GREYS


def test_every_account_is_described():
    """No account of the ledger is told by its path, in grey."""
    assert {family(account) for account in ACCOUNTS} == set(STYLES)


def test_the_breakdown_uses_the_accounts_colours(tmp_path):
    """Run staff is green and API tokens are blue, in this report as in every other."""
    evaluation = evaluate(load_scenario(write_small(tmp_path, options={"one": ("dear", 1)})))
    svg = cost_breakdown.cost_breakdown(evaluation, compare(evaluation))["svg"].decode().lower()

    assert STYLES["serving:api"].colour.lower() in svg
    assert STYLES["people:build"].colour.lower() in svg
    assert STYLES["people:run"].colour.lower() not in svg


@pytest.mark.parametrize("totals", [(0.0, 0.0), (0.0, 0.0, 5000.0), (0.0, 5000.0)])
def test_options_that_cost_nothing_are_drawn(tmp_path, boxes, totals):
    """At zero, beside each other and beside one that costs something."""
    evaluation = evaluate(load_scenario(write_small(tmp_path, options=["one"])))
    comparison = compare(evaluation)
    options = tuple(
        replace(
            comparison.options[0], name=f"x{number}", total_usd=total, npv_usd=total, monthly_usd=np.full(3, total / 3)
        )
        for number, total in enumerate(totals)
    )

    cumulative_cost.cumulative_cost(evaluation, replace(comparison, options=options, baseline="x0", chosen="x0"))

    assert [] == cut(boxes)
    assert [] == overprinted(boxes)


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        ({"people:run": 710.0, "serving:api": 290.0}, "x costs $1k over 3 months, 71% of it for the staff who run it"),
        ({"serving:api": 1000.0}, "x costs $1k over 3 months, all of it for API tokens"),
        ({"serving:api": 999.0, "platform:cache": 1.0}, "x costs $1k over 3 months, nearly all of it for API tokens"),
        ({}, "x costs nothing over 3 months"),
    ],
)
def test_the_breakdowns_title_is_a_sentence(tmp_path, boxes, accounts, said):
    """Also where one account is all there is, and where nothing costs anything."""
    evaluation = evaluate(load_scenario(write_small(tmp_path, options=["one"])))
    comparison = compare(evaluation)
    option = replace(comparison.options[0], name="x", accounts_usd=accounts, total_usd=sum(accounts.values()))

    cost_breakdown.cost_breakdown(evaluation, replace(comparison, options=(option,), baseline="x", chosen="x"))

    assert said in [text for text, _ in boxes["texts"].values()]


# How colours look without one kind of cone (Machado, Oliveira and Fernandes 2009, severity 1.0), on linear sRGB.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
LEAST_DIFFERENCE = 15.0  # CIE 1976; some 2.3 can just be told apart side by side


def seen(colour: str, matrix) -> np.ndarray:
    """A colour's place in CIE Lab as an eye sees it."""
    parts = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    xyz = SRGB_TO_XYZ @ np.clip(matrix @ linear, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def nearest(colours, matrix) -> float:
    """The least difference between two colours."""
    places = [seen(colour, matrix) for colour in colours]
    return min(float(np.linalg.norm(one - other)) for one, other in itertools.combinations(places, 2))


@pytest.mark.parametrize("eye", BLINDNESS)
@pytest.mark.parametrize("colours", [PALETTE, [style.colour for style in STYLES.values()]], ids=["options", "accounts"])
def test_colours_can_be_told_apart_by_every_eye(eye, colours):
    """Options and accounts, with all cones and without one kind."""
    assert nearest(colours, BLINDNESS[eye]) > LEAST_DIFFERENCE


def test_the_check_of_colours_bites():
    """Red and green of the same lightness are far apart for most, and not without the cones for green."""
    pair = ("#CC4455", "#228833")

    assert nearest(pair, BLINDNESS["none"]) > LEAST_DIFFERENCE
    assert nearest(pair, BLINDNESS["deuteranopia"]) < LEAST_DIFFERENCE


SHARE, LEAST = (
    Axis("options.one.s", ("options", "one", "s"), (0.0, 0.5, 1.0)),
    Axis("tiers.t.m", ("tiers", "t", "m"), (1, 2)),
)


def a_sweep(p95_s, cost_usd) -> Sweep:
    """Two options over a grid; `p95_s` and `cost_usd` say what a point comes to."""
    rows = [
        {
            "point": number, SHARE.name: share, LEAST.name: least, "option": option, "slo_kept": True,
            "total_usd": cost_usd(option, share, least), "e2e_p95_s": p95_s(option, share, least), "pareto": True,
        }
        for number, (share, least) in enumerate(itertools.product(SHARE.values, LEAST.values))
        for option in ("one", LONG)
    ]  # fmt: skip
    return Sweep((SHARE, LEAST), rows, 0)


def sweep_texts(tmp_path, boxes, sweep) -> list[str]:
    """Draw a sweep; return its texts."""
    sweep_front.sweep_front(sweep, load_scenario(write_small(tmp_path)).scenario)
    return [text for text, _ in boxes["texts"].values()]


def test_points_that_coincide_share_one_label(tmp_path, boxes):
    """What makes no difference to an option is told as `any`; nothing is overprinted."""
    sweep = a_sweep(lambda option, share, _least: 5 + 5 * share if option == "one" else 2.0,
                    lambda option, share, _least: 900 - 500 * share if option == "one" else 2000.0)  # fmt: skip

    texts = sweep_texts(tmp_path, boxes, sweep)

    assert {"0, any", "0.5, any", "1, any", "any, any"} <= set(texts)
    assert "4 of 4 outcomes are worth choosing between" in texts
    assert [] == overprinted(boxes)
    assert [] == cut(boxes)


def test_a_crowded_front_drops_labels_rather_than_overprint(tmp_path, boxes):
    """Points a hair apart cannot all be labelled."""
    sweep = a_sweep(
        lambda _option, share, least: 5 + share / 10 + least / 20, lambda _o, share, least: 900 - share - least
    )

    sweep_texts(tmp_path, boxes, sweep)

    assert [] == overprinted(boxes)


def test_a_sweep_without_any_p95_draws_cost_against_what_was_varied(tmp_path, boxes):
    """Marks for every point, the reason in the title, and no warning."""
    texts = sweep_texts(tmp_path, boxes, a_sweep(lambda *_: None, lambda *_: 100.0))

    assert "No interactive request is answered, so no p95 to choose by" in texts
    assert SHARE.name in texts
    assert {"0", "0.5", "1", "one", LONG} <= set(texts)


def test_points_without_a_p95_are_counted(tmp_path, boxes):
    """Half of the points have none: six are left out and told."""
    sweep = a_sweep(lambda option, *_: None if option == "one" else 2.0, lambda *_: 100.0)
    told = " ".join(sweep_texts(tmp_path, boxes, sweep)).replace("\n", " ")

    assert "6 points have no p95 and cannot be drawn" in told


def test_a_sweep_gives_the_same_bytes_twice(tmp_path):
    """Same input, same bytes."""
    scenario = load_scenario(write_small(tmp_path)).scenario
    sweep = a_sweep(lambda *_: 1.0, lambda *_: 100.0)

    assert sweep_front.sweep_front(sweep, scenario) == sweep_front.sweep_front(sweep, scenario)
