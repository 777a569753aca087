"""Prices from genai-prices: what a call costs by our book is what the package itself says, and nothing is dropped.

The package is an oracle that was written by others; it is the pinned version that CI installs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from genai_prices import Usage
from genai_prices.data_snapshot import get_snapshot

from tco import catalog
from tco.catalog import genai
from tco.catalog.meters import METERS, THRESHOLD
from tco.catalog.prices import shipped_book
from tco.catalog.tokens import Call, call_usd, token_prices
from tco.costs.request_tokens import token_costs
from tco.errors import CatalogError
from tests.laws.build import api, scene, static

TODAY = date(2026, 11, 27)
MODELS = {
    (provider.id, model.id): (provider, model) for provider in get_snapshot().providers for model in provider.models
}
FOLLOWED = sorted({row.name for row in shipped_book().rows if row.source.startswith("genai-prices")})
CENT = 0.01


def by_package(provider: str, model: str, call: Call, on: date, is_batch: bool = False) -> float:
    """Ask the package what a call at eight in the evening UTC costs, USD: no hour with a price of its own is then."""
    usage = Usage(
        input_tokens=call.input_tokens,
        cache_read_tokens=call.cached_tokens,
        cache_write_tokens=call.cache_write_tokens,
        cache_write_1h_tokens=call.cache_write_1h_tokens,
        output_tokens=call.output_tokens,
    )
    found, info = MODELS[provider, model]
    context = {"processing": "batch"} if is_batch else None
    evening = datetime.combine(on, time(20), UTC)
    return float(info.calc_price(usage, found, genai_request_timestamp=evening, price_context=context).total_price)


def any_call(chance: np.random.Generator, threshold: float | None, output: bool) -> Call:
    """Draw a call; a third of those to a model with a threshold lie just at it, just above it, or far above it."""
    prompt = int(chance.integers(1, 90_000))
    if threshold is not None and chance.random() < 1 / 2:
        prompt = int(threshold) + int(chance.choice([0, 1, 50_000]))
    cached = int(chance.integers(0, prompt + 1)) if chance.random() < 0.7 else 0
    written = int(chance.integers(0, prompt - cached + 1)) if chance.random() < 0.7 else 0
    return Call(
        prompt,
        int(chance.integers(0, 8_000)) if output else 0,
        cached,
        written,
        int(chance.integers(0, written + 1)) if chance.random() < 0.5 else 0,
    )


def listed(name: str) -> tuple[str, str]:
    """Say what the package calls a name of the book."""
    row = shipped_book().rows_of(name)[-1]
    provider, _, model = name.partition("/")
    return provider, row.listed_as or model


def calls_of_the_book() -> Iterator[tuple[str, Call, date, bool]]:
    """Draw 1 000 calls to models of the book, on days on which it has a price, in a batch where there is one."""
    chance = np.random.default_rng(20261127)
    for _ in range(1000):
        name = str(chance.choice(FOLLOWED))
        first = date.fromisoformat(shipped_book().history(name, "input")[0].source_date)
        on = first + timedelta(days=int(chance.integers(0, (TODAY - first).days + 1)))
        prices = token_prices(name, on)
        is_batch = "batch_input" in prices and chance.random() < 0.3
        yield name, any_call(chance, prices.get(THRESHOLD), "output" in prices), on, is_batch


def test_a_thousand_calls_cost_what_the_package_says():
    """To a ten-thousandth of a cent: fresh, cached and written tokens, batches, long prompts, any day of history."""
    drawn = list(calls_of_the_book())
    ours = [call_usd(token_prices(name, on), call, is_batch) for name, call, on, is_batch in drawn]
    theirs = [by_package(*listed(name), call, on, is_batch) for name, call, on, is_batch in drawn]

    assert pytest.approx(theirs, abs=CENT / 10_000) == ours
    assert 100 < sum(is_batch for *_, is_batch in drawn)
    assert 50 < sum(call.input_tokens > token_prices(name, on).get(THRESHOLD, 1e9) for name, call, on, _ in drawn)
    assert len(FOLLOWED) == len({name for name, *_ in drawn})
    assert 30 < len({on for _, _, on, _ in drawn})


def test_the_comparison_sees_a_price_that_is_off():
    """A tenth of the input price is enough, in whichever meter."""
    name = "openai/gpt-6-sol"
    call = Call(300_000, 1_000, 100_000, 50_000)
    prices = token_prices(name)
    planted = prices | {"cached_input_above_tier": prices["cached_input_above_tier"] * 1.1}

    assert by_package("openai", "gpt-6-sol", call, TODAY) == pytest.approx(call_usd(prices, call), abs=CENT / 10_000)
    assert call_usd(planted, call) - call_usd(prices, call) > CENT / 10_000


def test_every_model_of_the_package_costs_what_it_says():
    """Not only those of the book: what cannot be held is refused, the rest is right; fees per request are apart."""
    chance = np.random.default_rng(1)
    checked = 0
    for provider, model in MODELS:
        found = genai.listing(provider, model, TODAY)
        if not found.prices or any("requests_kcount" in remark for remark in found.remarks):
            continue
        if "input" not in found.prices:  # paid for answers only, or for sound that goes in
            continue
        call = any_call(chance, found.prices.get(THRESHOLD), "output" in found.prices)
        checked += 1

        assert by_package(provider, model, call, TODAY) == pytest.approx(
            call_usd(found.prices, call), abs=CENT / 10_000
        ), (provider, model)
    assert checked > 1_500


def test_the_ledger_charges_what_the_package_says():
    """Usual prompts with cached tokens, long prompts and batches without, as `docs/scenario.md` has them."""
    name = "openai/gpt-6-sol"
    tier = api(price=name, cached_input_share=0.4, batch={"turnaround_p50_s": 600, "turnaround_p95_s": 3600})
    cost = token_costs(scene({"it": tier}, {"it": static(it=1.0)}), ("it",))["it"]

    for call in (Call(10_000, 500, 4_000), Call(272_000, 500), Call(272_001, 500)):
        usd = cost.of(call.input_tokens, call.output_tokens, call.cached_tokens)
        assert by_package(*listed(name), call, TODAY) == pytest.approx(usd, abs=CENT / 10_000)
    assert by_package(*listed(name), Call(10_000, 500), TODAY, True) == pytest.approx(
        cost.of(10_000, 500, is_async=True), abs=CENT / 10_000
    )


@pytest.mark.parametrize(
    ("prices", "call", "is_batch", "named"),
    [
        ({"input": 1.0}, Call(10, 5), False, "output"),
        ({"input": 1.0, "output": 1.0}, Call(10, 5), True, "batch_input"),
        ({"output": 1.0}, Call(10, 0, cache_write_tokens=10, cache_write_1h_tokens=10), False, "input"),
    ],
)
def test_tokens_without_a_price_are_no_gift(prices, call, is_batch, named):
    """An unknown price is an error, not zero."""
    with pytest.raises(CatalogError, match=f"no price is known for '{named}'"):
        call_usd(prices, call, is_batch)


def test_a_hand_worked_call():
    """Above 100 000 tokens Haiku 5.5 takes five times as much: 0.05 + 0.05 cached, 0.625 and 1 written, 2.5 out."""
    call = Call(200_000, 1_000, cached_tokens=100_000, cache_write_tokens=60_000, cache_write_1h_tokens=20_000)
    usd = (40_000 * 0.5 + 100_000 * 0.05 + 40_000 * 0.625 + 20_000 * 1.0 + 1_000 * 2.5) / 1e6

    assert 0.0725 == pytest.approx(usd)
    assert 0.0725 == pytest.approx(call_usd(token_prices("anthropic/claude-haiku-5-5"), call))


@pytest.mark.parametrize(
    ("provider", "model", "told"),
    [
        ("anthropic", "claude-haiku-4-5", "also charges web_searches_kcount 10"),
        ("perplexity", "sonar", "also charges requests_kcount"),
        ("google", "gemini-2.5-flash", "also charges input_audio_mtok 1"),
        ("deepseek", "deepseek-v4-pro", "from 01:00 to 04:00 UTC input 1.32, cached_input 0.044, output 3.96"),
        ("google", "gemini-4-argon", "announced: from 2026-12-01 input 4, cached_input 0.2, output 20"),
        ("openai", "gpt-6-sol", "other prices hold for service_tier fast, service_tier flex, service_tier priority"),
    ],
)
def test_what_a_book_cannot_hold_is_said(provider, model, told):
    """Never dropped in silence."""
    found = genai.listing(provider, model, TODAY)

    assert found.prices
    assert [] != [remark for remark in found.remarks if told in remark]


@pytest.mark.parametrize(
    ("provider", "model", "told"),
    [
        ("zhipuai", "GLM-5", "converted from another currency (CNY)"),
        ("openrouter", "qwen/qwen3-coder-flash", "several prompt lengths (32,000, 128,000); a book holds one"),
        ("groq", "whisper-large-v3", "no price per token, but audio_hours, input_audio_hours"),
    ],
)
def test_what_would_be_wrong_is_refused(provider, model, told):
    """With the reason, and without any price."""
    found = genai.listing(provider, model, TODAY)

    assert {} == found.prices
    assert told in found.remarks[0]


def test_an_announced_price_holds_from_its_day():
    """Gemini 4 Argon costs twice as much from December 2026 on, in a batch too."""
    before, after = (genai.listing("google", "gemini-4-argon", date(2026, *day)) for day in ((11, 30), (12, 1)))

    assert (2.0, 10.0, 1.0) == tuple(before.prices[meter] for meter in ("input", "output", "batch_input"))
    assert (4.0, 20.0, 2.0) == tuple(after.prices[meter] for meter in ("input", "output", "batch_input"))


def test_a_batch_has_no_price_before_it_was_offered():
    """The package knows batch prices of Anthropic from 14 October 2026 on."""
    before, after = (genai.listing("anthropic", "claude-haiku-4-5", date(2026, 10, day)) for day in (13, 14))

    assert "batch_input" not in before.prices
    assert 0.5 == after.prices["batch_input"]


def test_a_model_under_another_name_is_not_taken_for_it():
    """The package matches names loosely; a book follows the one that it names."""
    assert genai.listing("openai", "gpt-4o-2024-08-06", TODAY) is None
    assert genai.listing("nobody", "gpt-4o", TODAY) is None


def test_every_meter_of_a_listing_is_a_meter_of_books():
    """So that nothing is appended that could not be read again."""
    for provider, model in MODELS:
        found = genai.listing(provider, model, TODAY)
        assert found.prices.keys() <= METERS.keys()
        assert all(METERS[meter].kind == "api" for meter in found.prices)


def test_the_book_knows_what_it_charges_for():
    """Prices of the newest day are those that `catalog.price` gives."""
    assert catalog.price("openai/gpt-6-sol", "cache_write").value == token_prices("openai/gpt-6-sol")["cache_write"]
