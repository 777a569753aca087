"""Prompts by parts: what an option sends, what a trim spares, by hand and as laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tco.decide.trim_savings import trim_savings
from tco.demand.prompts import workload_of
from tco.demand.workload import draw_workload
from tco.pipeline import evaluate
from tco.report.trim_notes import trim_notes
from tco.sim.engine import simulate
from tests.laws.build import api, chat, escalation, fixed, gpu, rate_traffic, retrieval, scene, spread, static
from tests.scenario.texts import INLINE, faults_in, plant

PARTS = {
    "system": fixed(400), "history": spread(300, 1500, 3000), "context": spread(600, 1200, 2000),
    "user": spread(60, 200, 500),
}  # fmt: skip


def by_parts(share: float = 1.0, **parts: Any) -> dict[str, Any]:
    """A class whose prompt is given by parts."""
    entry = chat(share)
    del entry["input_tokens"]
    return {**entry, "prompt": parts or PARTS}


def two(tiers: dict[str, Any], trim: dict[str, Any] | None, count: int = 1000, **changes: Any):
    """Two options that differ in their trim only."""
    plain = {**static(**{next(iter(tiers)): 1.0}), **changes.pop("option", {})}
    options = {"whole": plain, "lean": {**plain, **({"trim": trim} if trim else {})}}
    return scene(tiers, options, **{"count": count, "classes": {"chat": by_parts()}, **changes})


def test_a_prompt_is_the_sum_of_its_parts():
    """Four constants: 400 + 300 + 200 + 100 tokens; a class without parts keeps its own length."""
    four = by_parts(0.5, system=fixed(400), history=fixed(300), context=fixed(200), user=fixed(100))
    classes = {"parts": four, "plain": chat(0.5, input_tokens=fixed(77))}
    workload = draw_workload(scene({"a": api()}, {"it": static(a=1.0)}, classes=classes))

    assert {1000} == set(workload.input_tokens[workload.class_index == 0].tolist())
    assert {77} == set(workload.input_tokens[workload.class_index == 1].tolist())


def test_parts_have_chances_of_their_own():
    """Equal distributions, unequal and uncorrelated lengths."""
    same = spread(300, 900, 2000)
    parts = dict.fromkeys(PARTS, same)
    scenario = scene({"a": api()}, {"it": static(a=1.0)}, classes={"chat": by_parts(**parts)}, count=2000)
    drawn = np.array(list(draw_workload(scenario).prompt_parts.values()))

    assert np.abs(np.corrcoef(drawn) - np.eye(4)).max() < 0.08


def test_no_trim_gives_identical_stamps():
    """To the last bit, and so does a trim that keeps all."""
    scenario = two({"own": gpu()}, {"history": {"kept_share": 1.0}, "user": {"max_tokens": 500}})
    workload = draw_workload(scenario)
    one, other = (simulate(scenario, name, workload, 2.0, {"own": 2}) for name in ("whole", "lean"))

    assert (one.finished_s == other.finished_s).all()
    assert (one.first_token_s == other.first_token_s).all()


def test_options_without_parts_share_the_workload_itself():
    """Nothing is copied, so nothing is slower."""
    scenario = scene({"a": api()}, {"it": static(a=1.0)})
    workload = draw_workload(scenario)

    assert workload_of(scenario.options["it"], workload) is workload


def test_trimming_twice_is_trimming_once():
    """It starts from the parts, not from what is left."""
    option = two({"a": api()}, {"history": {"kept_share": 0.5}}).options["lean"]
    once = workload_of(option, draw_workload(two({"a": api()}, None)))

    assert (once.input_tokens == workload_of(option, once).input_tokens).all()


def test_retrieved_text_counts_for_those_who_retrieve():
    """Half of the requests retrieve 200 tokens: a mean of 100 on top of 300, at the tier's own meter."""
    classes = {"chat": by_parts(context=fixed(200), user=fixed(300))}
    option = {"retrieval": retrieval(request_share=0.5)}
    scenario = two({"a": api()}, None, classes=classes, option=option)
    result = simulate(scenario, "whole", draw_workload(scenario), 1.0)

    assert 1000 * 400 == result.books["a"].input_tokens
    assert (np.isnan(result.reached_s["retrieval"]) == (result.workload.input_tokens == 300)).all()


def test_without_retrieval_the_caller_brings_the_context():
    """It counts always."""
    classes = {"chat": by_parts(context=fixed(200), user=fixed(300))}
    scenario = two({"a": api()}, None, classes=classes)

    assert 500_000 == simulate(scenario, "whole", draw_workload(scenario), 1.0).books["a"].input_tokens


def test_an_escalated_call_reads_the_trimmed_prompt_too():
    """1 000 tokens less half of 600 are 700, read twice by the three tenths that climb."""
    classes = {"chat": by_parts(history=fixed(600), user=fixed(400))}
    climb = {**escalation(0.3, "a", "b"), "trim": {"history": {"kept_share": 0.5}}}
    scenario = scene({"a": api(), "b": api()}, {"it": climb}, classes=classes)
    books = simulate(scenario, "it", draw_workload(scenario), 1.0).books

    assert (700_000, 210_000) == (books["a"].input_tokens, books["b"].input_tokens)


def test_a_prompt_never_becomes_empty():
    """All is cut: one token is left, as everywhere."""
    scenario = two({"a": api()}, {part: {"max_tokens": 0} for part in PARTS})

    assert {1} == set(workload_of(scenario.options["lean"], draw_workload(scenario)).input_tokens.tolist())


def test_five_hundred_tokens_at_ten_million_calls_a_day():
    """S14 by hand: 10 million x 30 days x 500 tokens are 150 000 million; at $0.40 a million that is $60 000."""
    classes = {"chat": by_parts(history=fixed(800), user=fixed(700))}
    traffic = {"requests_per_month": 3e8, "arrivals": {"kind": "poisson"}}
    scenario = two({"a": api(0.4, 1.6)}, {"history": {"max_tokens": 300}}, 200, classes=classes, traffic=traffic)
    evaluation = evaluate(scenario)
    saving = trim_savings(evaluation)["lean"]

    assert 150_000.0 == pytest.approx(saving.saved_mtok_per_month)
    assert 60_000.0 == pytest.approx(saving.saved_usd_per_month)
    assert "spares 150,000 million prompt tokens a month and saves $60,000 a month" in trim_notes(evaluation)[0]


@pytest.mark.parametrize("kept_share", [0.0, 0.4, 0.9])
@pytest.mark.parametrize("tier", [api(), gpu(max_replicas=64)], ids=["api", "gpu"])
def test_trimming_never_raises_cost(tier, kept_share):
    """By the token and by fleets sized anew."""
    trim = {"history": {"kept_share": kept_share}, "context": {"kept_share": kept_share}}
    changes = {"traffic": rate_traffic(4.0), "slo": {"ttft_p95_s": 1.5}}
    ledger = evaluate(two({"it": tier}, trim, 400, **changes)).ledger.groupby("option")["cost_usd"].sum()

    assert ledger["lean"] <= ledger["whole"]


def test_a_shorter_prompt_needs_fewer_replicas():
    """The sizing's own formula sees it: prompts of a tenth, at a rate that fills several replicas."""
    heavy = {"chat": by_parts(history=fixed(3600), user=fixed(400))}
    tiers = {"own": gpu(max_replicas=64, server={"beta_s_per_prefill_token": 5e-4})}
    scenario = two(tiers, {"history": {"max_tokens": 0}}, 400, classes=heavy, traffic=rate_traffic(2.0))
    hours = evaluate(scenario).ledger.query("item == 'own GPU-hours'").set_index("option")["quantity"]

    assert hours["lean"] < hours["whole"]


PROMPT = "input_tokens: {kind: constant, tokens: 1000}"
GIVEN = "prompt: {history: {kind: constant, tokens: 500}, user: {kind: constant, tokens: 100}}"
PEOPLE = "    people: {build_engineer_weeks: 1, run_engineer_fte: 0.05}"


@pytest.mark.parametrize(
    ("prompt", "trim", "word"),
    [
        ("prompt: {user: {kind: constant, tokens: §-1}}", "", "allowed: at least 1"),
        ("prompt: §{system: {kind: constant, tokens: 5}}", "", "user: missing"),
        ("prompt: {user: {kind: §trace}}", "", "a trace has whole prompts"),
        (GIVEN, "{history: {kept_share: §1.5}}", "allowed: at most 1"),
        (GIVEN, "{history: {max_tokens: §-5}}", "allowed: at least 0"),
        (GIVEN, "{§histroy: {kept_share: 0.5}}", "did you mean 'history'"),
        (GIVEN, "{history: §{}}", "nothing is trimmed"),
        (GIVEN, "{context: §{kept_share: 0.5}}", "no class states the part 'context' of its prompt; allowed: history"),
    ],
)
def test_nonsense_is_refused_by_line(tmp_path, prompt, trim, word):
    """Negatives, shares over 1, unknown parts and traces of parts, each at its line."""
    text = INLINE.replace(PROMPT, prompt, 1)
    planted = plant(PEOPLE, f"{PEOPLE}\n    trim: {trim}" if trim else PEOPLE, text)
    (fault,) = faults_in(tmp_path, planted.text)

    assert planted.line == fault.line
    assert word in f"{fault.key}: {fault.message} {fault.hint}"


@pytest.mark.parametrize(
    ("prompt", "word"),
    [("", "no prompt length; one is required"), (f"    {PROMPT}\n    {GIVEN}\n", "both give the prompt's length")],
)
def test_a_class_needs_one_length(tmp_path, prompt, word):
    """Neither none nor two."""
    (fault,) = faults_in(tmp_path, plant(f"    {PROMPT}\n", prompt).text)

    assert "classes.chat" == fault.key
    assert word in fault.message
