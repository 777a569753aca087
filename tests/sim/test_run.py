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
from tco.sim import compiled, machine_code, run
from tests.laws.build import api, cache, chat, edge, gpu, micro_batch, scene, serverless

BREAKS = {"mtbf_hours": 1000.0, "mttr_hours": 1.0}
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

    run.unavailable.cache_clear()
    for name in [name for name in sys.modules if name.startswith("tco.sim.compiled")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(sys.modules["tco.sim"], "compiled", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    result = run.simulate(fleet("compiled"), "it", draw_workload(fleet()), 5.0)
    run.unavailable.cache_clear()

    assert ("simpy", "numba cannot be loaded (RuntimeError: made for another NumPy)") == (
        result.engine,
        result.engine_why,
    )


def test_without_a_folder_for_machine_code_it_is_compiled_anew(tmp_path):
    """The user's cache folder is a file: nothing is kept, and the tool works."""
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    code = "from tco.sim.compiled.kernels import jit; print(jit.IS_KEPT)"
    env = {**os.environ, "XDG_CACHE_HOME": str(blocked)}
    env.pop("NUMBA_CACHE_DIR", None)
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)

    assert "False" == found.stdout.strip()


def test_an_option_that_the_compiled_engine_does_not_know_runs_on_the_other_one():
    """Who is asked depends on how full a vendor is."""
    router = {"kind": "spill_over", "first": "other", "then": "own", "full_at_requests": 3}
    found = scene({"own": gpu(), "other": api()}, {"it": {"router": router, "people": {}}}, classes=CLASSES, slo={})
    asked = found.model_copy(update={"simulation": found.simulation.model_copy(update={"engine": "compiled"})})

    why = (
        "the compiled engine does not know router of kind spill_over at a managed_api that is no single pool which "
        "calls reach at once"
    )
    assert ("simpy", why) == run.choose(asked, "it", 300)


@pytest.mark.parametrize("first", ["", "import numba;"])
def test_machine_code_is_kept_in_the_users_cache_by_the_hash_of_its_sources(first, tmp_path):
    """And nowhere else, whoever loads numba; a run that goes through the choice of the engine sets it up as well."""
    code = (
        f"{first}from tests.sim.test_run import fleet; from tco.demand.workload import draw_workload;"
        "from tco.sim import run;"
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
        ("empty", "compiling for the first use, some ten seconds a kind of tier"),
        ("full", "None"),
        ("file", "compiling in every process, some seconds each: no file can be kept in"),
    ],
)
def test_who_must_compile_first_is_told(place, told, tmp_path):
    """Once the kernel's file is there, nothing is; numba itself is not loaded for the answer."""
    folder = tmp_path / "place"
    if place == "file":
        folder.write_text("no folder")
    if place == "full":
        folder.mkdir()
        (folder / "fleet.run_fleet-58.py311.nbi").write_text("code")
    code = (
        "import sys; from tco.sim import machine_code; from tests.laws.build import gpu, scene, static;"
        "found = scene({'own': gpu()}, {'it': static(own=1.0)});"
        "print(machine_code.wait(found), 'numba' in sys.modules)"
    )
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
    monkeypatch.setattr(machine_code, "wait", lambda _scenario: "compiling")
    tell_compilation(fleet(engine), requests)

    assert ("", "compiling\n" if is_told else "") == capsys.readouterr()


@pytest.mark.parametrize(
    ("tier", "entries"),
    [
        pytest.param(gpu(), {"fleet.run_fleet"}, marks=pytest.mark.slow),
        pytest.param(
            gpu(failures={"mtbf_hours": 1000.0, "mttr_hours": 1.0}), {"changing.run_changing"}, marks=pytest.mark.slow
        ),
        pytest.param(gpu(server={"first_token_overhead_steps": 2.0}), {"delayed.run_delayed"}, marks=pytest.mark.slow),
        (api(), set()),
        (api(max_concurrency=3), {"calls.run_calls"}),
        pytest.param(serverless(), {"workers.run_workers"}, marks=pytest.mark.slow),
        (edge(), {"lines.run_devices"}),
        (micro_batch(), {"lines.run_batches"}),
    ],
)
def test_the_kernels_that_tiers_need_are_those_that_run(tier, entries, tmp_path):
    """After a run, files of those that were named are in the folder, and of no other one."""
    _needs(scene({"own": tier}, {"it": ONLY}, slo={}, count=300), entries, tmp_path)


def test_a_cache_that_remembers_needs_a_kernel(tmp_path):
    """Beside those of the tiers."""
    policy = {"kind": "exact", "popularity": {"questions": 100, "exponent": 1.0, "source": "made up"}}
    option = {**ONLY, "cache": cache(0.1, policy=policy)}
    _needs(scene({"own": api()}, {"it": option}, slo={}, count=300), {"lookups.run_lookups"}, tmp_path)


def _needs(found, entries, folder):
    assert entries == machine_code.entries_of(found)

    code = (
        "import json, sys; from tco.scenario import Scenario; from tco.demand.workload import draw_workload;"
        "from tco.sim import compiled; found = Scenario.model_validate_json(sys.stdin.read());"
        "compiled.simulate(found, 'it', draw_workload(found), 5.0)"
    )
    subprocess.run([sys.executable, "-c", code], input=found.model_dump_json(), text=True, check=True,
                   env={**os.environ, "NUMBA_CACHE_DIR": str(folder)})  # fmt: skip
    kept = {path.name.partition("-")[0] for path in folder.rglob("*.nbi")}
    assert entries == {name for name in kept if ".run_" in name}


def test_code_of_versions_that_nobody_uses_any_more_is_dropped(tmp_path):
    """After two months, and nothing else that lies there."""
    mine, fresh, old, other = (tmp_path / name for name in ("ab" * 8, "cd" * 8, "ef" * 8, "my notes"))
    for folder in (mine, fresh, old, other):
        folder.mkdir()
        (folder / "file").write_text("")
    for folder in (mine, old, other):
        os.utime(folder, (0, 0))
    machine_code._tidy(mine)

    assert {mine, fresh, other} == set(tmp_path.iterdir())
    assert mine.stat().st_mtime > 0


def test_a_second_copy_of_the_program_has_a_folder_of_its_own(monkeypatch):
    """Numba would not find the first one's code there, and nobody would be told that it compiles."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    here, real = machine_code.place(), machine_code.files
    monkeypatch.setattr(machine_code, "files", lambda name: "/elsewhere/tco" if name == "tco" else real(name))

    assert here.parent == machine_code.place().parent
    assert here != machine_code.place()


@pytest.mark.parametrize("rounds", [0, 40])
def test_hits_that_do_not_settle_are_left_to_the_other_engine(rounds, monkeypatch):
    """It plays a cache and what it looks back on in one go."""
    monkeypatch.setattr(compiled, "MOST_ROUNDS", rounds)
    policy = {"kind": "exact", "popularity": {"questions": 100, "exponent": 1.0, "source": "made up"}}
    found = scene({"own": gpu()}, {"it": {**ONLY, "cache": cache(0.1, policy=policy)}}, slo={}, count=300)
    asked = found.model_copy(update={"simulation": found.simulation.model_copy(update={"engine": "compiled"})})
    result = run.simulate(asked, "it", draw_workload(asked), 5.0)

    whys = {0: ("simpy", "who hits its cache did not settle"), 40: ("compiled", "asked for")}
    assert whys[rounds] == (result.engine, result.engine_why)
