"""Run: the engine follows from what is written, and a machine that cannot compile still simulates."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tco.cli.evaluating import tell_compilation
from tco.demand.workload import draw_workload
from tco.scenario import Scenario
from tco.sim import machine_code, run
from tests.laws.build import chat, gpu, scene

CLASSES = {"chat": chat(0.9), "job": chat(0.1, "async")}
ONLY: dict[str, Any] = {"router": {"kind": "static", "shares": {"own": 1.0}}, "people": {}}


def fleet(engine: str = "auto", count: int = 300, **changes: Any) -> Scenario:
    """One fleet."""
    found = scene({"own": gpu(**changes)}, {"it": ONLY}, classes=CLASSES, slo={}, count=count)
    return found.model_copy(update={"simulation": found.simulation.model_copy(update={"engine": engine})})


@pytest.mark.parametrize(
    ("engine", "requests", "changes", "chosen", "why"),
    [
        ("auto", 19_999, {}, "simpy", "a run has fewer than 20,000 requests"),
        ("auto", 20_000, {}, "compiled", "runs of 20,000 requests or more"),
        ("compiled", 300, {}, "compiled", "asked for"),
        ("simpy", 10**6, {}, "simpy", "asked for"),
    ],
)
def test_the_choice_and_its_reason(engine, requests, changes, chosen, why):
    """By size, by wish, by what is known."""
    name, reason = run.choose(fleet(engine, **changes), "it", requests)

    assert chosen == name
    assert why in reason


def test_the_result_says_which_engine_ran_and_both_agree():
    """Stamps are equal to a nanosecond."""
    results = [
        run.simulate(fleet(engine), "it", draw_workload(fleet()), 5.0, {"own": 2}) for engine in ("simpy", "compiled")
    ]

    assert ["simpy", "compiled"] == [result.engine for result in results]
    assert np.abs(results[0].finished_s - results[1].finished_s).max() < 1e-9


def test_without_numba_everything_runs_on_simpy(monkeypatch):
    """Whatever its import raises; the reason is told."""
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "numba":
            raise RuntimeError("made for another NumPy")
        return real(name, *rest, **named)

    run._unavailable.cache_clear()
    for name in [name for name in sys.modules if name.startswith("tco.sim.compiled")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(sys.modules["tco.sim"], "compiled", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    result = run.simulate(fleet("compiled"), "it", draw_workload(fleet()), 5.0)
    run._unavailable.cache_clear()

    assert ("simpy", "numba cannot be loaded (RuntimeError: made for another NumPy)") == (
        result.engine,
        result.engine_why,
    )


def test_without_a_folder_for_machine_code_it_is_compiled_anew(tmp_path):
    """The user's cache folder is a file: nothing is kept, and the tool works."""
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    code = "from tco.sim.compiled import jit; print(jit.IS_KEPT)"
    env = {**os.environ, "XDG_CACHE_HOME": str(blocked)}
    env.pop("NUMBA_CACHE_DIR", None)
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)

    assert "False" == found.stdout.strip()


def test_an_option_that_the_compiled_engine_does_not_know_runs_on_the_other_one():
    """Who is asked depends on how full a tier is, for some of the requests only."""
    spill = {"kind": "spill_over", "first": "own", "then": "other", "full_at_requests": 3}
    router = {"kind": "by_class", "classes": {"person": spill}, "otherwise": {"kind": "static", "shares": {"own": 1.0}}}
    found = scene({"own": gpu(), "other": gpu()}, {"it": {"router": router, "people": {}}}, classes=CLASSES, slo={})
    asked = found.model_copy(update={"simulation": found.simulation.model_copy(update={"engine": "compiled"})})

    why = "the compiled engine does not know router of kind by_class with a spill_over in it"
    assert ("simpy", why) == run.choose(asked, "it", 300)


def test_machine_code_is_kept_in_the_users_cache_by_the_hash_of_its_sources(tmp_path):
    """And nowhere else; a run that goes through the choice of the engine sets it up as well."""
    code = (
        "from tests.sim.test_run import fleet; from tco.demand.workload import draw_workload; from tco.sim import run;"
        "print(run.simulate(fleet('compiled'), 'it', draw_workload(fleet()), 5.0).engine)"
    )
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    env.pop("NUMBA_CACHE_DIR", None)
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)

    assert "compiled" == found.stdout.strip()
    (folder,) = (tmp_path / "tco").iterdir()
    assert any(folder.rglob("*.nbi"))


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("empty", "compiling for the first use, some seconds"),
        ("full", "None"),
        ("file", "compiling in every process, some seconds each: no file can be kept in"),
    ],
)
def test_who_must_compile_first_is_told(place, told, tmp_path):
    """Once a file of numba's is there, nothing is; numba itself is not loaded for the answer."""
    folder = tmp_path / "place"
    if place == "file":
        folder.write_text("no folder")
    if place == "full":
        folder.mkdir()
        (folder / "fleet.nbi").write_text("code")
    code = "import sys; from tco.sim import machine_code; print(machine_code.wait(), 'numba' in sys.modules)"
    env = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout

    assert found.startswith(told)
    assert found.endswith("False\n")


@pytest.mark.parametrize(
    ("engine", "requests", "is_told"),
    [("simpy", 10**6, False), ("auto", 19_999, False), ("auto", 20_000, True), ("compiled", 300, True)],
)
def test_it_is_told_where_the_compiled_engine_would_run(engine, requests, is_told, monkeypatch, capsys):
    """By the rule that chooses the engine, on stderr."""
    monkeypatch.setattr(machine_code, "wait", lambda: "compiling")
    tell_compilation(fleet(engine), requests)

    assert ("", "compiling\n" if is_told else "") == capsys.readouterr()
