"""The fit of quality as a document, as YAML to paste into a scenario, and as JSON."""

from __future__ import annotations

from typing import Any

from tco.quality.fit import QualityFit, quality_yaml
from tco.report.document import Column, Document, Table, Text

MOST_GROUPS = 60


def quality_document(fit: QualityFit, file: str) -> Document:
    """Write the fit for people: how well it agrees, what to paste, and where the groups lie."""
    share = Column("Data")
    models = tuple(
        (model.name, f"{model.success_share:.1%}", f"{model.fitted_share:.1%}", f"{worst(model.tenths):.1%}")
        for model in fit.models
    )
    both = (
        f"{fit.weak} and {fit.strong} both answer {fit.both_share:.1%} of the queries well; the fit gives "
        f"{fit.fitted_both_share:.1%} with shared_luck_share {fit.shared_luck_share:g}, and would give "
        f"{fit.independent_both_share:.1%} without shared luck."
    )
    columns = (Column("Good answers", numeric=False), share, Column("Fit"), Column("Worst tenth off by"))
    tenths = tuple(
        (f"{at / 10:.1f} to {(at + 1) / 10:.1f}", *(f"{m.tenths[at][0]:.1%} / {m.tenths[at][1]:.1%}" for m in pair))
        for pair in [[model for model in fit.models if model.name in (fit.weak, fit.strong)]]
        for at in range(min(len(model.tenths) for model in pair))
    )
    names = [model.name for model in fit.models if model.name in (fit.weak, fit.strong)]
    heads = (Column("Complexity", numeric=False), *(Column(f"{name}, data / fit") for name in names))
    return Document(
        f"Quality: {file}",
        f"{fit.queries:,} queries in {len(fit.groups)} groups",
        (
            Text(both, "lead"), Table("", columns, models), Table("", heads, tenths), _groups(fit),
            Text("--format yaml prints what a scenario takes over.", "note"),
        ),
    )  # fmt: skip


def worst(tenths: tuple[tuple[float, float], ...]) -> float:
    """Return by how much the fit misses the data where it misses most.

    >>> worst(((0.5, 0.52), (0.9, 0.8)))
    0.1
    """
    return round(max(abs(data - fitted) for data, fitted in tenths), 6)


def _groups(fit: QualityFit) -> Table:
    shown = list(fit.groups.items())[:MOST_GROUPS]
    rows = tuple((name, f"{low:.3f}", f"{high:.3f}") for name, (low, high) in shown)
    return Table("", (Column("Group, easiest first", numeric=False), Column("From"), Column("To")), rows)


def quality_json(fit: QualityFit) -> dict[str, Any]:
    """Write the fit for programs."""
    return {
        "schema_version": 1,
        "queries": fit.queries,
        "weak": fit.weak,
        "strong": fit.strong,
        "shared_luck_share": fit.shared_luck_share,
        "both_share": {
            "data": fit.both_share, "fit": fit.fitted_both_share, "without_shared_luck": fit.independent_both_share,
        },
        "models": [
            {
                "name": model.name, "success_share": model.success_share, "fitted_share": model.fitted_share,
                "quality": model.curve.model_dump(mode="json"), "tenths": [list(pair) for pair in model.tenths],
            }
            for model in fit.models
        ],
        "groups": {name: list(limits) for name, limits in fit.groups.items()},
        "warnings": list(fit.warnings),
    }  # fmt: skip


def quality_text(fit: QualityFit) -> str:
    """Write YAML whose blocks a scenario takes over; the groups' ranges stand in comments, for classes of their own."""
    import yaml  # only this format needs it

    ranges = "".join(f"#   {name}: {low:.4f} to {high:.4f}\n" for name, (low, high) in fit.groups.items())
    head = (
        f"# {fit.queries} queries; both good: {fit.both_share:.4f} in the data, {fit.fitted_both_share:.4f} fitted.\n"
        f"# Groups, easiest first, as low_complexity to high_complexity of a class of their own:\n{ranges}"
    )
    return head + str(yaml.safe_dump(quality_yaml(fit), sort_keys=False, width=120, allow_unicode=True))
