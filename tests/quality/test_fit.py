"""The fit finds what was planted, and reproduces what was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from tco.errors import UsageError
from tco.quality import answers_well
from tco.quality.curves.fixed import Fixed
from tco.quality.curves.logistic import Logistic
from tco.quality.fit import both_well, fit_logistic, fit_quality, fit_table, shared_luck
from tco.quality.scores import Scores, read_scores
from tco.report.quality import quality_text
from tco.scenario import Quality

DATA = Path(__file__).parents[2] / "../shared/data/routing"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")
RNG = np.random.default_rng(7)
AT = (np.arange(20_000) + 0.5) / 20_000


def curve(half: float, steepness: float, least: float = 0.0, most: float = 1.0) -> Logistic:
    """A curve."""
    return Logistic(half_complexity=half, steepness_per_complexity=steepness, least_share=least, most_share=most,
                    source="planted")  # fmt: skip


@pytest.mark.parametrize("planted", [curve(0.5, 8.0), curve(0.7, 12.0, 0.2, 0.95), curve(1.2, 3.0)])
def test_a_planted_curve_is_found_again(planted):
    """From 20 000 answers, within two points anywhere."""
    chance = planted.success_probability(AT)
    found = fit_logistic(AT, (RNG.random(len(AT)) < chance).astype(float), "test")

    assert 0.02 > np.abs(found.success_probability(AT) - chance).max()


def test_success_that_does_not_fall_is_a_level_curve():
    """Answers that get better with complexity have no falling curve; their mean is kept."""
    found = fit_logistic(AT, (AT > 0.25).astype(float), "test")

    assert Fixed(success_share=0.75, source="test") == found


def test_the_table_has_the_mean_of_each_tenth():
    """Two tenths of successes, then none."""
    found = fit_table(AT, (AT < 0.2).astype(float), "test")

    assert ((0.05, 1.0), (0.15, 1.0), (0.25, 0.0)) == found.success_by_complexity[:3]


@pytest.mark.parametrize("planted", [0.0, 0.4, 0.9])
def test_planted_shared_luck_is_found_again(planted):
    """Answers drawn as the simulation draws them give the share back."""
    weak, strong = np.linspace(0.6, 0.5, 200_000), np.linspace(0.8, 0.7, 200_000)
    shared, one, two = RNG.standard_normal((3, len(weak)))
    both = answers_well(weak, shared, one, planted) & answers_well(strong, shared, two, planted)
    sampled_weak, sampled_strong = weak[500::1000], strong[500::1000]

    assert planted == pytest.approx(shared_luck(sampled_weak, sampled_strong, both.mean()), abs=0.05)


def test_more_shared_luck_means_more_queries_that_both_answer():
    """The search for it rests on that."""
    weak, strong = np.array([0.3, 0.7]), np.array([0.6, 0.9])
    shares = [both_well(weak, strong, step / 10) for step in range(11)]

    assert sorted(shares) == shares
    assert (0.405, 0.5) == pytest.approx((shares[0], shares[-1]))


def planted_scores(rows: int = 200) -> Scores:
    """Two groups; the strong model fails in one where the weak does not."""
    groups = ["odd"] * rows + ["fine"] * rows
    return Scores("x.csv", ("weak", "strong"), groups, [(1.0, 0.0)] * rows + [(0.0, 1.0)] * rows + [])


def test_a_group_in_which_the_strong_model_is_far_below_is_warned_of():
    """And the option that leaves it out is named."""
    scores = planted_scores()
    scores.groups += ["fine"] * 10
    scores.rows += [(0.0, 1.0)] * 10
    warning, misfit = fit_quality(scores).warnings

    assert "group 'odd' (200 queries): strong answers 0.0% well, weak 100.0%" in warning
    assert "--exclude odd" in warning
    assert "curves miss some tenth of complexity by more than 10%: weak" in misfit


def test_a_weak_model_that_is_the_better_one_is_refused():
    """The two were probably swapped."""
    scores = Scores("x.csv", ("a", "b"), ["g"] * 4, [(0.0, 1.0)] * 4)

    with pytest.raises(UsageError, match=r"weak model 'b' answers 100\.0% well, strong model 'a' 0\.0%") as caught:
        fit_quality(scores, "b", "a")
    assert str(caught.value).endswith("hint: --weak a --strong b")


def test_one_model_is_no_pair():
    """Whatever its scores."""
    scores = Scores("x.csv", ("a", "b"), ["g"] * 4, [(0.0, 1.0)] * 4)

    with pytest.raises(UsageError, match="the weak and the strong model are both 'a'; allowed: two different ones"):
        fit_quality(scores, "a", "a")


@pytest.mark.parametrize(("named", "expected"), [(None, ("a", "b")), ("a", ("a", "b")), ("b", ("b", "a"))])
def test_equally_good_models_are_a_pair(named, expected):
    """The first of the file is taken for the weaker one, unless one is named; that they are equal is told."""
    scores = Scores("x.csv", ("a", "b"), ["g"] * 40, [(0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)] * 10)
    found = fit_quality(scores, named)

    assert expected == (found.weak, found.strong)
    assert (
        f"'{expected[0]}' and '{expected[1]}' both answer 50.0% well; '{expected[0]}' is taken for the weaker one"
        in found.warnings
    )


@pytest.mark.parametrize("strong", [1.0, 0.0])
def test_shared_luck_that_cannot_be_told_is_zero_and_said(strong):
    """A model that answers everything well, or nothing, shares no failure, or no success, that could be counted."""
    rows = [(1.0, strong), (0.0 if strong else 1.0, strong)] * 20
    found = fit_quality(Scores("x.csv", ("a", "b"), ["g"] * 40, rows))

    assert 0.0 == found.shared_luck_share
    assert "shared luck cannot be told" in found.warnings[0]


def test_what_is_printed_can_be_pasted():
    """The YAML's blocks are what a scenario takes."""
    blocks = yaml.safe_load(quality_text(fit_quality(planted_scores(), "weak", "strong")))

    assert Quality.model_validate(blocks["quality"])
    assert {"weak", "strong"} == set(blocks["tiers"])


@needs_data
def test_real_scores_are_reproduced():
    """15 091 queries: the shares of both models within half a point, of both together within a tenth of one."""
    scores = read_scores(DATA / "routellm_mixtral_gpt4_correctness.csv", (), None, ["high_school_mathematics"])
    fit = fit_quality(scores)

    assert 15_091 == fit.queries
    assert [0.684, 0.824] == pytest.approx([model.success_share for model in fit.models], abs=0.001)
    assert all(abs(model.fitted_share - model.success_share) < 0.005 for model in fit.models)
    assert fit.both_share == pytest.approx(fit.fitted_both_share, abs=0.001)


@needs_data
def test_the_parse_fault_of_the_real_scores_is_warned_of():
    """3 % of high-school mathematics cannot be what the strong model knows."""
    (warning,) = fit_quality(read_scores(DATA / "routellm_mixtral_gpt4_correctness.csv")).warnings

    assert "'high_school_mathematics' (270 queries): strong answers 3.0% well, weak 31.9%" in warning
