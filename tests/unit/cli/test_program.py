import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

import wireroom.cli
from tests.unit.cli.conftest import Shell
from tests.unit.cli.stories import STORM
from wireroom import __version__
from wireroom.cli import _outcome
from wireroom.cli._program import program
from wireroom.errors import ConfigurationError, Conflict, Fault, Fenced, InvalidEvent, Red, Reject, RetryAfter

WIREROOM = [sys.executable, "-c", "from wireroom.cli import main; main()"]
COMMANDS = program.list_commands(click.Context(program))


def failing(error: BaseException) -> click.Command:
    @click.command()
    def command() -> None:
        raise error

    return command


def test_every_file_is_a_command_and_help_lists_it_with_what_it_does(shell: Shell) -> None:
    folder = Path(wireroom.cli.__file__).parent
    names = {path.stem.replace("_", "-") for path in folder.glob("[!_]*.py")}
    assert {"publish", "withdraw", "check", "render", "status", "dead-letters", "completion"} <= names == set(COMMANDS)
    listed = {
        line.split()[0]: line.split()[1:] for line in shell("--help").out.partition("Commands:\n")[2].splitlines()
    }
    assert names <= {name for name, text in listed.items() if text}
    assert [name for name, text in listed.items() if text[-1].endswith("...")] == [], "a sentence cut short"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_all_its_options(name: str) -> None:
    command = program.get_command(click.Context(program), name)
    assert command is not None
    parts = list(command.commands.values()) if isinstance(command, click.Group) else [command]
    for part in [command, *parts]:
        assert part.help, part.name
        assert all(option.help for option in part.params if isinstance(option, click.Option)), part.name


def test_version_and_short_help(shell: Shell) -> None:
    assert shell("--version") == (0, f"wireroom {__version__}\n", "")
    assert shell("-h").out == shell("--help").out


@pytest.mark.parametrize("name", ["up", "serve", "demo"])
@pytest.mark.parametrize("port", ["-1", "65536"])
def test_no_port_has_that_number(shell: Shell, name: str, port: str) -> None:
    assert shell(name, f"--port={port}").code == 2


@pytest.mark.parametrize("arguments", [["nonsense"], ["publish"], ["check", "--nonsense"], ["render", "x.json"]])
def test_usage(shell: Shell, arguments: list[str]) -> None:
    result = shell(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "Usage:" in result.err


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (ConfigurationError([Fault("a.b", "1", "2"), Fault("c", "3", "4")]), 78, ["a.b: found 1", "c: found 3"]),
        (RetryAfter("the disk is full"), 69, ["the disk is full"]),
        (Conflict("feeds/a.rss"), 69, ["feeds/a.rss"]),
        (Fenced("another member owns it"), 69, ["another member"]),
        (OSError(13, "Permission denied", "x"), 69, ["Permission denied"]),
        (Reject("title-empty", [Fault("title", "''", "text")]), 1, ["title-empty", "found ''"]),
        (InvalidEvent([Fault("url", "nothing", "a URL")]), 1, ["invalid-event", "found nothing"]),
        (Red("the log is damaged", "put back a copy"), 1, ["the log is damaged", "put back a copy"]),
        (ZeroDivisionError("a bug of ours"), 70, ["Traceback", "a bug of ours", "report it"]),
        (KeyboardInterrupt(), 130, ["Interrupted"]),
    ],
)
def test_each_outcome_has_its_exit_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, told: list[str]
) -> None:
    assert _outcome.run(failing(error), []) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert all(words in err for words in told)
    assert ("Traceback" in err) == (code == 70)


def test_an_error_that_ends_the_process_is_not_caught() -> None:
    with pytest.raises(SystemExit):
        _outcome.run(failing(SystemExit(5)), [])


@pytest.mark.parametrize("arguments", [["check", "--settings"], ["render", "storm.json", "--as", "ninjs"]])
def test_a_reader_that_goes_away_is_no_bug(shell: Shell, arguments: list[str]) -> None:
    shell.write("storm.json", STORM)
    reading, writing = os.pipe()
    os.close(reading)
    command = subprocess.run([*WIREROOM, *arguments], stdout=writing, stderr=subprocess.PIPE, cwd=shell.folder)
    os.close(writing)
    assert (command.returncode, command.stderr) == (141, b"")


def test_without_click_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise ModuleNotFoundError(name='click')")
    command = subprocess.run(
        [*WIREROOM, "--help"], env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert command.returncode == 1
    assert "pip install 'wireroom[cli]'" in command.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_lead_nowhere(shell: Shell, closed: str) -> None:
    shell.write("storm.ndjson", STORM)
    command = shlex.join([*WIREROOM, "publish", "storm.ndjson"])
    assert subprocess.run(["/bin/sh", "-c", f"{command} {closed}"], cwd=shell.folder).returncode == 0
    assert len(shell.records()) == 1


def test_an_interrupt_is_not_lost_in_what_is_being_loaded(tmp_path: Path) -> None:
    swallowing = "try:\n print(flush=True); time.sleep(30)\nexcept KeyboardInterrupt:\n pass\n"
    (tmp_path / "click.py").write_text(f"import time\n{swallowing}")
    command = subprocess.Popen(
        [*WIREROOM, "--help"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
    )
    assert command.stdout is not None
    command.stdout.readline()
    command.send_signal(signal.SIGINT)
    assert command.communicate() == (b"", b"")
    assert command.returncode == -signal.SIGINT


def test_help_loads_no_output_and_no_log() -> None:
    code = (
        "import sys; from wireroom.cli._program import program; from wireroom.cli._outcome import run;"
        "run(program, ['-h']);"
        "print({name.partition('.')[0] for name in sys.modules} & {'feedgen','lxml','nh3','apsw','rich','uvicorn'})"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).endswith("set()\n")


def test_no_message_and_no_document_names_a_command_that_does_not_exist() -> None:
    root = Path(__file__).parents[3]
    texts = [*root.glob("services/**/*.py"), *root.glob("*.md"), *root.glob("docs/*.md"), *root.glob("deploy/**/*.md")]
    named = {name for path in texts for name in re.findall(r"[`\"]wireroom ([a-z][a-z-]*)", path.read_text("utf-8"))}
    assert {"doctor", "topics"} <= named
    assert named <= set(COMMANDS)
