"""Scaling: what is wanted of all numbers of requests at once is what is wanted of each."""

from __future__ import annotations

import pytest

from tco.policies.scaling import ScalingPolicy
from tco.policies.scaling.target import TargetUtilisation


@pytest.mark.parametrize("target", [0.07, 0.3, 0.5, 0.77, 1.0])
@pytest.mark.parametrize(("capacity", "sized"), [(1, 3), (7, 40), (256, 5)])
def test_a_target_wants_the_same_of_many_numbers_as_of_each(target, capacity, sized):
    """To the replica, from an empty fleet to one that is more than full."""
    policy = TargetUtilisation(target_utilisation=target)
    each = ScalingPolicy.wanted_by_inside(policy, 3 * capacity * sized, capacity, sized)

    assert each.tolist() == policy.wanted_by_inside(3 * capacity * sized, capacity, sized).tolist()
    assert (0, sized) == (each[0], each[-1])
