"""Every key of a scenario is found with its value, its place, its unit and its meaning."""

from __future__ import annotations

import pytest

from tco.scenario.describe import keys_of, written
from tests.decide.asked import asked, line_of


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A scenario with plug-ins, mappings of blocks and a list of blocks."""
    return asked(tmp_path_factory.mktemp("asked"))


@pytest.fixture(scope="module")
def keys(loaded):
    """Its keys."""
    return keys_of(loaded.scenario)


def test_every_key_of_the_file_is_a_key(loaded, keys):
    """Nothing that a person has written is unknown; figures in a list are told with the list."""
    missing = [name for name in loaded.lines() if name and name not in keys]

    assert [] == missing


def test_a_value_and_its_line_are_those_of_the_file(loaded, keys):
    """Names with dots, entries of mappings and items of lists included."""
    for name, value, words in (
        ("tiers.llama-3.price.output_usd_per_mtok", 2.125, "output_usd_per_mtok: 2.125"),
        ("tiers.llama-3.1.price", "openai/gpt-6.1-terra", "price: openai/gpt-6.1-terra"),
        ("options.api.router.shares.llama-3.1", 0.5, "llama-3.1: 0.5"),
        ("tiers.mixed.purchase.reserved[0].upfront_share", 0.5, "upfront_share: 0.5"),
    ):
        assert (value, line_of(words)) == written(loaded, keys[name])


def test_a_default_has_no_line(loaded, keys):
    """Neither has what a block that is left out holds by default."""
    assert (0.0, None) == written(loaded, keys["tiers.llama-3.error_share"])
    assert (True, None) == written(loaded, keys["tiers.mixed.purchase.reserved[0].renews"])
    assert (0.1, None) == written(loaded, keys["simulation.warmup_share"])


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("traffic.requests_per_month", "requests per month"),
        ("tiers.llama-3.price.input_usd_per_mtok", "USD per million tokens"),
        ("options.api.router.shares.llama-3", "shares that sum to 1"),
        ("tiers.llama-3.timeout_s", "seconds"),
        ("tiers.llama-3.price", None),
        ("tiers.mixed.purchase.reserved[0].renews", None),
        ("seed", None),
    ],
)
def test_a_figure_has_a_unit(keys, name, unit):
    """By the suffix of its field, not of the name of an entry; words and blocks have none."""
    assert unit == keys[name].unit


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("slo.e2e_p95_s", "95th percentile of the time from arrival to the last token"),
        ("tiers.llama-3", "A managed API."),
        ("tiers.llama-3.kind", "A managed API."),
        ("tiers.mixed.purchase", "How the GPUs are come by"),
        ("tiers.mixed.purchase", "Reserved, spot and on-demand hours of one fleet."),
        ("tiers.mixed.purchase.reserved[0]", "GPUs under a commitment"),
        ("classes.chat", "One kind of request."),
        ("options.api.router.shares.llama-3", "Tier name to share of requests"),
    ],
)
def test_a_key_has_a_meaning(keys, name, words):
    """The field's docstring; of a plug-in what that one is, of an entry what the block is, or the mapping."""
    assert words in keys[name].documentation


def test_every_key_has_a_meaning(keys):
    """No docstring is missing on the way to any key."""
    assert [] == [name for name, key in keys.items() if not key.documentation]
