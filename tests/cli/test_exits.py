"""Exit codes, and what goes where: results to stdout, everything else to stderr, never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import sleep
from types import SimpleNamespace
from typing import BinaryIO

import pytest

import tco.cli
from tco import __version__
from tco.errors import SimulationError
from tests.cli.conftest import ROOT, SHIPPED

COMMANDS = ("check", "compare", "schema", "simulate", "sweep")
SHARE = "options.split-60-40.router.shares.claim-small"


def fail_with(monkeypatch, error: BaseException) -> None:
    """Make every evaluation raise."""

    def broken(*_arguments: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr("tco.pipeline.evaluate", broken)


@pytest.mark.parametrize("arguments", [["--version"], ["--version", "check"]])
def test_the_version_is_said(monkeypatch, capsys, arguments):
    """By the short cut and by the parser in the same words."""
    monkeypatch.setattr(sys, "argv", ["tco", *arguments])
    with suppress(SystemExit):
        tco.cli.main()

    assert (f"tco {__version__}\n", "") == capsys.readouterr()


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_every_command(tco, flag):
    """On stdout, because it was asked for."""
    answer = tco(flag)

    assert (0, "") == (answer.code, answer.err)
    for command in COMMANDS:
        assert f"  {command} " in answer.out


@pytest.mark.parametrize("arguments", [[], *([name] for name in COMMANDS)])
def test_help_opens_with_examples(tco, arguments):
    """A purpose in a sentence, then examples that can be copied, then the options."""
    answer = tco(*arguments, "--help")
    words = answer.out.split("Examples:\n")
    first = words[1].splitlines()[0].strip()

    assert 2 == len(words)
    assert first.startswith(f"tco {' '.join(arguments)}".strip())
    assert answer.out.index("Examples:") < answer.out.index("Options:")


def test_examples_are_of_files_that_exist(tco):
    """An example that names a shipped scenario can be run as it stands."""
    text = "".join(tco(*arguments, "--help").out for arguments in ([], *([name] for name in COMMANDS)))
    named = {word for word in text.split() if word.startswith("scenarios/") and "*" not in word}

    assert named
    assert [] == [name for name in named if not (ROOT / name).is_file()]


@pytest.mark.parametrize("arguments", [["check", SHIPPED], ["schema"]])
def test_what_works_returns_0_and_is_silent_on_stderr(tco, arguments):
    """Results are on stdout."""
    answer = tco(*arguments)

    assert (0, "") == (answer.code, answer.err)
    assert answer.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Usage: "),
        (["compar"], "No such command 'compar'"),
        (["check"], "Missing argument"),
        (["check", "nowhere.yaml"], "nowhere.yaml:1:1: the file cannot be read"),
        (["compare", "nowhere.yaml"], "nowhere.yaml:1:1: the file cannot be read"),
        (["compare", SHIPPED, "--format", "xml"], "'xml' is not one of"),
        (["compare", SHIPPED, "--trace", "nowhere.csv"], "nowhere.csv"),
        (["compare", SHIPPED, "--colour"], "No such option"),
        (["sweep", SHIPPED], "Missing option '--vary'"),
        (["sweep", SHIPPED, "--vary", "nonsense"], "nonsense"),
        (["sweep", SHIPPED, "--vary", "traffic.request_per_month=1,2"], "traffic.request_per_month"),
        (["sweep", SHIPPED, "--vary", f"{SHARE}=0", "--vary", f"{SHARE}=1", "--vary", "seed=1"], "at most 2"),
        (["sweep", SHIPPED, "--vary", f"{SHARE}=0", "--jobs", "0"], "'--jobs'"),
    ],
)
def test_a_wrong_argument_returns_2_and_says_what_is_wrong(tco, arguments, told):
    """On stderr, without a result and without a traceback."""
    answer = tco(*arguments)

    assert (2, "") == (answer.code, answer.out)
    assert told in answer.err
    assert "Traceback" not in answer.err


def test_check_tells_the_faults_of_every_file(tco, scenario):
    """A file that is fine is said on stdout, the faults of the others on stderr with their number."""
    wrong = scenario.with_name("wrong.yaml")
    wrong.write_text(scenario.read_text().replace("seed: 11", "seed: -1").replace("seats: 1", "seats: 0"))
    answer = tco("check", scenario, wrong, wrong)

    assert 2 == answer.code
    assert f"{scenario}: fine: Document analysis, 3 options\n" == answer.out
    assert "4 faults in 2 of 3 files" == answer.err.splitlines()[-1]
    assert f"{wrong}:14:7: seed: " in answer.err


def test_no_option_within_the_slo_returns_3_with_the_whole_comparison(tco, hopeless):
    """The table is the answer to why, so it is printed; the verdict is on stderr."""
    answer = tco("compare", hopeless, "--format", "csv")

    assert (3, "no option keeps the SLO\n") == (answer.code, answer.err)
    assert 4 == len(answer.out.splitlines())


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError("planted"), "internal error: RuntimeError: planted\n"),
        (SimulationError("a law was broken"), "a law was broken\n"),
    ],
)
def test_a_defect_returns_1_with_a_sentence(tco, scenario, monkeypatch, error, told):
    """No traceback, no result."""
    fail_with(monkeypatch, error)
    answer = tco("compare", scenario)

    assert (1, "") == (answer.code, answer.out)
    assert answer.err.startswith(told)
    assert "Traceback" not in answer.err


def test_the_traceback_can_be_asked_for(tco, scenario, monkeypatch):
    """TCO_DEBUG lets the error through, for a report."""
    monkeypatch.setenv("TCO_DEBUG", "1")
    fail_with(monkeypatch, RuntimeError("planted"))

    with pytest.raises(RuntimeError, match="planted"):
        tco("compare", scenario)


def test_an_interrupted_run_writes_nothing(tco, scenario, tmp_path, monkeypatch):
    """Stopped while it simulates: no folder, no result, the code that shells expect."""
    fail_with(monkeypatch, KeyboardInterrupt())
    answer = tco("compare", scenario, "--out", tmp_path / "out")

    assert (130, "") == (answer.code, answer.out)
    assert not (tmp_path / "out").exists()


def test_a_run_interrupted_while_it_writes_leaves_whole_files_only(tco, scenario, tmp_path, monkeypatch):
    """Stopped in the middle of the second file: the first is as it should be, of the second nothing is left."""
    contents = {"first.csv": "whole\n", "second.csv": "whole\n"}
    monkeypatch.setattr("tco.report.bundle.comparison_files", lambda *_: contents)
    opened = []

    def open_until_the_second(handle: int, mode: str) -> BinaryIO:
        opened.append(os.fdopen(handle, mode))
        if len(opened) == 2:
            opened[-1].write(b"half")
            opened[-1].close()
            raise KeyboardInterrupt
        return opened[-1]

    monkeypatch.setattr("tco.report.files.os", SimpleNamespace(fdopen=open_until_the_second))
    answer = tco("compare", scenario, "--out", tmp_path / "cut")
    (left,) = (tmp_path / "cut").iterdir()

    assert (130, "") == (answer.code, answer.out)
    assert ("first.csv", "whole\n") == (left.name, left.read_text())


@pytest.mark.parametrize("where", ["taken", "taken/below"])
def test_out_onto_a_file_is_refused(tco, scenario, tmp_path, where):
    """The file stays as it was."""
    (tmp_path / "taken").write_text("mine")
    answer = tco("compare", scenario, "--out", tmp_path / where)

    assert (2, "") == (answer.code, answer.out)
    assert str(tmp_path / where) in answer.err
    assert "mine" == (tmp_path / "taken").read_text()


def test_out_writes_the_files_that_it_names(tco, scenario, tmp_path):
    """The note is on stderr, so that the result can be piped."""
    answer = tco("compare", scenario, "--out", tmp_path / "new/out", "--format", "json")
    names = answer.err.removeprefix("wrote ").partition(" to ")[0].split(", ")

    assert {path.name for path in (tmp_path / "new/out").iterdir()} == set(names)
    assert answer.out.startswith("{")
    assert (tmp_path / "new/out/comparison.json").read_text() == answer.out


def test_a_reader_who_has_seen_enough_is_no_error():
    """`tco schema | head` returns 0 and says nothing."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "tco", "schema"], stdout=write, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False
    )
    os.close(write)

    assert (0, "") == (done.returncode, done.stderr)


def test_an_interrupt_while_the_commands_load_is_said_too(tco, monkeypatch):
    """Ctrl-C in the first third of a second comes while Python imports."""

    class Interrupting:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "tco.cli.app":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "tco.cli.app", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    answer = tco("schema")

    assert (130, "") == (answer.code, answer.out)
    assert "interrupted" in answer.err


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["schema"], ["check", SHIPPED]])
@pytest.mark.parametrize(("into", "why"), [("> /dev/full", "No space left on device"), (">&-", "stdout is closed")])
def test_output_that_cannot_be_written_is_a_sentence(arguments, into, why):
    """A full disk or a closed stream is nobody's defect, and not a success either."""
    command = f"{sys.executable} -m tco {' '.join(map(str, arguments))} {into}"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)

    assert (1, f"the output cannot be written: {why}\n") == (done.returncode, done.stderr)


def test_a_closed_stderr_changes_no_result():
    """`2>&-` silences; the answer is the same."""
    command = f"{sys.executable} -m tco check nowhere.yaml 2>&-"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)

    assert (2, "", "") == (done.returncode, done.stdout, done.stderr)


def children_of(process: int) -> list[str]:
    """List the processes that a process has started."""
    return Path(f"/proc/{process}/task/{process}/children").read_text().split()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="children are listed by Linux")
@pytest.mark.parametrize("send", [os.killpg, pytest.param(os.kill, marks=pytest.mark.slow)])
def test_an_interrupted_sweep_ends_soon_and_quietly(scenario, send):
    """By Ctrl-C, which reaches the workers as well, or by a signal to the parent alone: one sentence, no traceback."""
    command = [sys.executable, "-m", "tco", "sweep", str(scenario), "--vary", "seed=1:2000:1", "--jobs", "2"]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True, start_new_session=True, cwd=ROOT) as sweep:
        while len(children_of(sweep.pid)) < 3 and sweep.poll() is None:  # two workers and the tracker of semaphores
            sleep(0.01)
        send(sweep.pid, signal.SIGINT)
        out, err = sweep.communicate(timeout=20)

    assert (130, "", "\ninterrupted; no file was left half-written\n") == (sweep.returncode, out, err)


@pytest.mark.parametrize("command", [["compare", SHIPPED], ["sweep", SHIPPED, "--vary", "seed=1"]])
def test_out_without_a_name_is_refused(tco, command):
    """An unset variable does not come to mean the current folder."""
    answer = tco(*command, "--out", "")

    assert (2, "") == (answer.code, answer.out)
    assert "''; allowed: the path of a folder" in answer.err


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a folder that even root cannot write to")
def test_out_into_a_folder_that_takes_no_file_is_refused_before_the_work(tco, scenario, monkeypatch):
    """Nothing is simulated."""
    fail_with(monkeypatch, RuntimeError("simulated"))
    for place in ("/proc", "/proc/out"):
        answer = tco("compare", scenario, "--out", place)

        assert (2, "") == (answer.code, answer.out)
        assert answer.err.startswith(f"{place} cannot be written: ")


def test_an_interrupt_is_said(tco, scenario, monkeypatch):
    """A person who presses Ctrl-C reads what became of the run."""
    fail_with(monkeypatch, KeyboardInterrupt())

    assert "interrupted" in tco("compare", scenario).err
