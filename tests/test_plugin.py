"""Models: checks of fields that must fit together name fields that exist, and run beside the others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

import tco.scenario  # noqa: F401  # brings every model in
from tco.plugin import Frozen, checks_of, together, valid_fields


def models(base: type[BaseModel] = Frozen) -> Iterator[type[BaseModel]]:
    """List every model."""
    for model in base.__subclasses__():
        yield model
        yield from models(model)


def test_checks_name_fields_that_exist():
    """A misspelt name would silence the check beside other faults."""
    named = [(model, field) for model in models() for check in checks_of(model) for field in check.fields_together]

    assert named
    assert [] == [(model, field) for model, field in named if field not in model.model_fields]


class Base(Frozen):
    low: int = 1
    high: int = 5
    other: int = 0

    @together("low", "high")
    def _in_order(self) -> None:
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")


class Child(Base):
    last: int = 9

    @together("high", "last")
    def _last_is_last(self) -> None:
        if self.high > self.last:
            raise ValueError(f"high {self.high} is above last {self.last}")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"low": 6}, ["low 6 is above high 5"]),
        ({"low": 6, "last": 1}, ["low 6 is above high 5", "high 5 is above last 1"]),
        ({"low": 6, "other": "x"}, ["Input should be a valid integer", "low 6 is above high 5"]),
        ({"low": "x", "last": 1}, ["Input should be a valid integer", "high 5 is above last 1"]),
        ({"high": "x", "last": 1}, ["Input should be a valid integer"]),
    ],
)
def test_all_conflicts_are_told_with_the_fields_own_faults(values, expected):
    """Checks of the bases too; none about a field that is wrong itself."""
    told = []
    try:
        Child.model_validate(values)
    except ValidationError as error:
        told = [entry["msg"] for entry in error.errors()]

    assert expected == told


def test_a_part_holds_the_fields_that_are_valid():
    """What was not given has its default; what is wrong is not there."""
    part = valid_fields(Base, {"low": "x", "high": 7}, None)

    assert {"high": 7, "other": 0} == vars(part)
    with pytest.raises(AttributeError, match="low"):
        part.low  # noqa: B018  # reading it is the test


def test_a_part_with_an_unknown_key_takes_no_defaults():
    """`hihg` may have been meant for `high`."""
    assert {"low": 1} == vars(valid_fields(Base, {"low": 1, "hihg": 7}, None))


def test_a_part_of_what_is_no_mapping_is_none():
    """A model is taken as it is."""
    assert None is valid_fields(Base, [1], None)
    assert Base() == valid_fields(Base, Base(), None)
