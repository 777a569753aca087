"""Scores: how well models answered the same queries, read from CSV with every fault by line and column.

Three shapes are read: columns `score__MODEL`, columns `MODEL_correct`, or one line a query and model with the columns
`query_id,model,score`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from tco.errors import Fault, ScenarioError, UsageError, suggestion

GROUPS = ("domain", "task", "dataset", "benchmark")  # columns that say what kind of query it is, the finest first
LONG = ("query_id", "model", "score")
PREFIX, SUFFIX = "score__", "_correct"
MOST_FAULTS = 20


@dataclass
class Scores:
    """What a file holds.

    Attributes:
        file: its name.
        models: names of the models.
        groups: group of each query that every model has a score for.
        rows: their scores, 0 to 1, in the order of `models`.
        left_out: how many queries were left out, by reason.
        below_zero: scores below 0, counted as 0.
    """

    file: str
    models: tuple[str, ...]
    groups: list[str] = field(default_factory=list)
    rows: list[tuple[float, ...]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    below_zero: int = 0

    def model(self, name: str) -> str:
        """Return the model that a name, or a column's name, means.

        Raises:
            UsageError: when there is no such model.
        """
        found = name if name in self.models else _model(name)
        if found not in self.models:
            hint = suggestion(found, self.models) or f"known: {', '.join(self.models)}"
            raise UsageError(f"{self.file}: no model '{name}'\n    hint: {hint}")
        return found

    @property
    def graded(self) -> int:
        """Count the scores that are neither 0 nor 1."""
        return sum(value not in (0.0, 1.0) for row in self.rows for value in row)


def read_scores(
    path: Path, models: Sequence[str] = (), group: str | None = None, exclude: Sequence[str] = ()
) -> Scores:
    """Read a file of scores.

    Args:
        path: the file.
        models: models, or columns, to read, each once; all where empty.
        group: column that says what kind of query it is; the first of `GROUPS` where None.
        exclude: groups to leave out.

    Raises:
        ScenarioError: naming every malformed line.
        UsageError: when the file cannot be read, or a name given is not in it.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            return _Reader(str(path), models, group, exclude).read(stream)
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such file; expected a CSV file of scores") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {str(error.strerror).lower()}; expected a CSV file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: is not a CSV file in UTF-8: {error}") from error


class _Reader:
    """Reads one file; collects its faults."""

    def __init__(self, file: str, models: Sequence[str], group: str | None, exclude: Sequence[str]) -> None:
        self.file, self.wanted, self.group, self.exclude = file, tuple(models), group, tuple(exclude)
        self.faults: list[Fault] = []
        self.seen: dict[str, None] = {}  # groups in the order of the file, those that are left out included
        self.below_zero = 0

    def read(self, stream: Iterable[str]) -> Scores:
        """Read head and lines."""
        reader = csv.reader(stream)
        names = [name.strip() for name in next(reader, [])]
        if not names:
            raise UsageError(f"{self.file}: is empty; expected a head line with a column for each model's score")
        self._require_each_once(names)
        place = {name: at for at, name in enumerate(names)}
        at_group = place[self._group_column(names)]
        lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
        lines = [(line, cells) for line, cells in lines if self._whole(line, cells, len(names))]
        read = self._long if set(LONG) <= set(names) else self._wide
        found = read(lines, place, at_group)
        if self.faults:
            more = len(self.faults) - MOST_FAULTS
            told = self.faults[:MOST_FAULTS]
            if more > 0:
                told.append(Fault(self.faults[MOST_FAULTS].line, 1, "", f"and {more - 1} further faults from here on"))
            raise ScenarioError(self.file, told)
        found.below_zero = self.below_zero
        return self._filled(found)

    def _require_each_once(self, names: list[str]) -> None:
        """Refuse a head line of which two columns say the same: nobody can tell which of them counts."""
        before: dict[tuple[str, bool], str] = {}
        faults = []
        for at, name in enumerate(names):
            meaning = _model(name), _model(name) != name
            if name and meaning in before:
                other = before[meaning]
                both = f"columns '{other}' and '{name}' both hold scores of '{meaning[0]}'"
                found = f"column '{name}' stands twice" if other == name else both
                faults.append(Fault(1, at + 1, "", f"{found}; allowed: one of them"))
            before.setdefault(meaning, name)
        if faults:
            raise ScenarioError(self.file, faults)

    def _group_column(self, names: list[str]) -> str:
        if self.group is not None:
            return self._known(self.group, names, "column")
        known = [name for name in GROUPS if name in names]
        if not known:
            raise UsageError(
                f"{self.file}: no column {', '.join(GROUPS)} says what kind of query a line is; found: "
                f"{', '.join(names)}\n    hint: name the column with --group"
            )
        return known[0]

    def _known(self, name: str, names: Iterable[str], what: str) -> str:
        known = list(names)
        if name not in known:
            hint = suggestion(name, known) or f"known: {', '.join(known[:12])}"
            raise UsageError(f"{self.file}: no {what} '{name}'\n    hint: {hint}")
        return name

    def _whole(self, line: int, cells: list[str], width: int) -> bool:
        if len(cells) != width:
            self.faults.append(Fault(line, 1, "", f"{len(cells)} cells where the head line has {width}"))
        return len(cells) == width

    def _wide(self, lines: list[tuple[int, list[str]]], place: dict[str, int], at_group: int) -> Scores:
        columns = {_model(name): at for name, at in place.items() if _model(name) != name}
        for name in self.wanted:  # any column may be named in full
            if _model(name) not in columns and name in place:
                columns[name] = place[name]
        if len(columns) < 2:
            expected = f"columns {PREFIX}MODEL or MODEL{SUFFIX}, or {','.join(LONG)}"
            raise ScenarioError(
                self.file,
                [Fault(1, 1, "", f"no scores of two models; expected: {expected}; found: {', '.join(place)}")],
            )
        models = self._models(columns)
        found = Scores(self.file, models)
        for line, cells in lines:
            scores = [self._score(line, columns[model] + 1, model, cells[columns[model]]) for model in models]
            self._take(found, cells[at_group].strip(), scores)
        return found

    def _long(self, lines: list[tuple[int, list[str]]], place: dict[str, int], at_group: int) -> Scores:
        answers: dict[str, dict[str, float | None]] = {}
        groups: dict[str, str] = {}
        head = list(place)
        at_query, at_model, at_score = (place[name] for name in LONG)
        for line, cells in lines:
            query, model = cells[at_query].strip(), cells[at_model].strip()
            failed = "ok" in place and cells[place["ok"]].strip().lower() in ("false", "0")
            score = None if failed else self._score(line, at_score + 1, "score", cells[at_score])
            if model in answers.setdefault(query, {}):
                text = f"model '{model}' answers query '{query}' a second time; allowed: one line a query and model"
                self.faults.append(Fault(line, at_query + 1, "query_id", text))
            answers[query][model] = score
            group = cells[at_group].strip()
            if groups.setdefault(query, group) != group:
                text = (
                    f"query '{query}' is of '{group}' here and of '{groups[query]}' before; allowed: one kind a query"
                )
                self.faults.append(Fault(line, at_group + 1, head[at_group], text))
        models = self._models(dict.fromkeys(model for known in answers.values() for model in known))
        found = Scores(self.file, models)
        for query, known in answers.items():
            self._take(found, groups[query], [known.get(model) for model in models])
        return found

    def _models(self, known: Iterable[str]) -> tuple[str, ...]:
        names = list(known)
        wanted = [self._known(_model(name) if _model(name) in names else name, names, "model") for name in self.wanted]
        if len(wanted) > len(set(wanted)):
            allowed = f"allowed: two different ones of {', '.join(names)}"
            raise UsageError(f"{self.file}: the weak and the strong model are both '{wanted[0]}'; {allowed}")
        return tuple(wanted) or tuple(names)

    def _score(self, line: int, column: int, key: str, text: str) -> float | None:
        text = text.strip()
        if text.lower() in ("", "nan", "na", "null", "none"):
            return None
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not isfinite(value):
            self.faults.append(Fault(line, column, key, f"{text!r} is not a number"))
            return None
        if value > 1.0:
            self.faults.append(Fault(line, column, key, f"{text} is above 1; scores are from 0 to 1"))
            return None
        self.below_zero += value < 0.0
        return max(value, 0.0)

    def _take(self, found: Scores, group: str, scores: list[float | None]) -> None:
        self.seen[group] = None
        known = tuple(score for score in scores if score is not None)
        if group in self.exclude:
            found.left_out["excluded"] += 1
        elif len(known) < len(scores):
            found.left_out["a score is missing"] += 1
        else:
            found.groups.append(group)
            found.rows.append(known)

    def _filled(self, found: Scores) -> Scores:
        if len(found.models) < 2:
            held = f"scores of '{found.models[0]}' only" if found.models else "no scores"
            raise UsageError(f"{self.file}: holds {held}; two models are needed")
        for group in self.exclude if self.seen else ():
            self._known(group, self.seen, "group")
        if not found.rows:
            out = ", ".join(f"{count} {reason}" for reason, count in found.left_out.items())
            raise UsageError(f"{self.file}: holds no query that every model has a score for{out and f'; {out}'}")
        return found


def _model(column: str) -> str:
    """Name the model of a column.

    >>> _model("score__qwen"), _model("weak_correct"), _model("qwen")
    ('qwen', 'weak', 'qwen')
    """
    return column.removeprefix(PREFIX) if column.startswith(PREFIX) else column.removesuffix(SUFFIX)
