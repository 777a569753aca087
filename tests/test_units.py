"""Every number that a scenario states carries its unit in its name, and every key says what it means."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from tco.docstrings import field_docstrings
from tco.plugin import Frozen, SelectedByKind, plugins_in
from tco.scenario import AnyTier, Scenario
from tco.units import SUFFIXES, unit_of

# Numbers without a unit, each with the reason.
UNITLESS = {
    "seed": "names a stream of random numbers, measures nothing",
    "seats": "a count of what the name says",
    "users": "a count of what the name says",
    "max_concurrency": "a count of requests in service",
    "max_batch": "a count of requests in a batch",
    "devices": "a count of what the name says",
    "requests_at_once": "a count of what the name says",
    "gpus": "a count of what the name says",
    "gpus_per_replica": "a count of what the name says",
    "gpus_per_server": "a count of what the name says",
    "spare_servers": "a count of what the name says",
    "engineers": "a count of what the name says",
    "on_duty": "a count of engineers",
    "hires": "a count of engineers",
    "figures": "prices, each under a key that ends in its unit",
    "hour_of_week": "relative rates, of which only the ratios count",
    "max_retries": "a count of what the name says",
    "factor": "a ratio of two waits",
    "by_class": "shares, by tier, of the class that is the key",
    "right": "pairs of a probability and a similarity",
    "other": "pairs of a probability and a similarity",
    "table": "pairs of a probability and tokens",
}


def leaves(annotation: Any) -> Iterator[Any]:
    """Take an annotation apart into the types that values of it are made of, plug-ins included."""
    if get_origin(annotation) is Annotated:
        inner, *extras = get_args(annotation)
        chosen = [extra for extra in extras if isinstance(extra, SelectedByKind)]
        if chosen:
            yield from plugins_in(chosen[0].package).values()
        else:
            yield from leaves(inner)
    elif get_origin(annotation) in (Union, UnionType, tuple, list, dict):
        for part in get_args(annotation):
            yield from leaves(part)
    else:
        yield annotation


def field_leaves(model: type[BaseModel], name: str) -> Iterator[Any]:
    """Take a field apart; pydantic keeps the outermost extras of its annotation apart from it."""
    field = model.model_fields[name]
    yield from leaves(Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation)


def reachable(model: type[BaseModel]) -> set[type[BaseModel]]:
    """Collect a model and every model that its fields can hold."""
    found: set[type[BaseModel]] = set()
    left = [model]
    while left:
        model = left.pop()
        if model not in found:
            found.add(model)
            parts = (part for name in model.model_fields for part in field_leaves(model, name))
            left += [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
    return found


def own_fields(models: set[type[BaseModel]]) -> Iterator[tuple[type[BaseModel], str]]:
    """List the fields of models in a fixed order."""
    for model in sorted(models, key=lambda model: f"{model.__module__}.{model.__qualname__}"):
        yield from ((model, name) for name in model.model_fields)


def numbers(models: set[type[BaseModel]]) -> Iterator[tuple[type[BaseModel], str]]:
    """List the fields that can hold a number."""
    for model, name in own_fields(models):
        if {int, float} & set(field_leaves(model, name)):
            yield model, name


def without_unit(models: set[type[BaseModel]]) -> list[str]:
    """Say which numbers have neither a unit in their name nor a reason to have none."""
    fields = numbers(models)
    return [f"{model.__name__}.{name}" for model, name in fields if unit_of(name) is None and name not in UNITLESS]


def without_description(models: set[type[BaseModel]]) -> list[str]:
    """Say which fields no docstring explains; a plug-in's `kind` is explained by its class."""
    fields = ((model, name) for model, name in own_fields(models) if name != "kind")
    return [f"{model.__name__}.{name}" for model, name in fields if not field_docstrings(model).get(name)]


MODELS = reachable(Scenario)


def test_every_number_carries_its_unit():
    """The last words of the name are in tco/units.py, or the name is listed here with a reason."""
    assert [] == without_unit(MODELS)


def test_every_field_is_described():
    """The schema that editors read explains every key."""
    assert [] == without_description(MODELS)


def test_every_model_is_described():
    """So does every block."""
    assert [] == [model.__name__ for model in MODELS if not model.__doc__]


def test_the_list_of_unitless_names_is_not_longer_than_needed():
    """A name that is gone, or has a unit, must leave the list."""
    used = {name for _, name in numbers(MODELS) if unit_of(name) is None}

    assert used == set(UNITLESS)


def test_models_are_reached_through_every_nesting():
    """Plug-ins, mappings, unions and optional blocks are all walked: the schema knows no model that the walk misses."""
    schema = Scenario.model_json_schema()
    names = {model.__name__ for model in MODELS}

    assert {name.rpartition("__")[2] for name in schema["$defs"]} == names - {"Scenario"}
    for package in (
        "tco.arrivals",
        "tco.lengths",
        "tco.scenario.tiers",
        "tco.policies.routing",
        "tco.policies.caching",
    ):
        assert set(plugins_in(package).values()) <= MODELS


class Deep(Frozen):
    """A block with three faults, two of them on one field."""

    wait: dict[str, tuple[float | None, ...]] | None = None
    price_usd: float = 1.0
    max_wait_s: int = 1
    """Longest wait, seconds."""


class Planted(Frozen):
    """A model that holds the faulty block beside a tier."""

    blocks: dict[str, Annotated[Deep, "an extra"]]
    """Blocks, by name."""
    tier: AnyTier
    """A tier."""


def test_a_number_without_unit_is_caught():
    """However deep it is nested."""
    assert ["Deep.wait"] == without_unit(reachable(Planted))


def test_a_field_without_docstring_is_caught():
    """With or without a unit."""
    assert ["Deep.wait", "Deep.price_usd"] == without_description(reachable(Planted))


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("input_usd_per_mtok", "USD per million tokens"),
        ("growth_fraction_per_month", "fraction per month"),
        ("requests_per_month", "requests per month"),
        ("beta_s_per_prefill_token", "seconds per prefill token"),
        ("p95_s", "seconds"),
        ("share", "share of 1"),
        ("shares", "shares that sum to 1"),
        ("gpus", None),
        ("latencys", None),
        ("wait_ms", None),
    ],
)
def test_the_longest_suffix_gives_the_unit(name, unit):
    """A suffix counts as whole words only, and the more specific one wins."""
    assert unit == unit_of(name)


def test_suffixes_are_whole_words_with_a_meaning():
    """A suffix without its underscore would match parts of words."""
    assert [] == [suffix for suffix, words in SUFFIXES.items() if not suffix.startswith("_") or not words]
