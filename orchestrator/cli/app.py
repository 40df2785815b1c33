"""The command `anabranch`: which commands there are, and how what they raise becomes a line and an exit code."""

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

import typer

from orchestrator.cli import bash_words, options
from orchestrator.cli.actors_dead_letters import dead_letters
from orchestrator.cli.actors_show import show
from orchestrator.cli.actors_steer import pause, restart, resume, step, stop
from orchestrator.cli.actors_top import top
from orchestrator.cli.actors_trace import trace
from orchestrator.cli.actors_tree import tree
from orchestrator.cli.approve_removal import approve_removal
from orchestrator.cli.check import check
from orchestrator.cli.daemon import daemon
from orchestrator.cli.deliveries import deliveries
from orchestrator.cli.deliveries_replay import replay
from orchestrator.cli.deliveries_show import show as deliveries_show
from orchestrator.cli.describe import describe
from orchestrator.cli.edit import edit
from orchestrator.cli.envs import envs
from orchestrator.cli.exec import exec_command
from orchestrator.cli.forwarder import forwarder
from orchestrator.cli.history import history
from orchestrator.cli.hook import install
from orchestrator.cli.hook_add import add as hook_add
from orchestrator.cli.hook_list import list_hooks
from orchestrator.cli.hook_reload import reload as hook_reload
from orchestrator.cli.hook_rotate import rotate as hook_rotate
from orchestrator.cli.hook_test import test as hook_test
from orchestrator.cli.init import init
from orchestrator.cli.logs import logs
from orchestrator.cli.open import open_service
from orchestrator.cli.ps import ps
from orchestrator.cli.redeploy import redeploy
from orchestrator.cli.session import Common
from orchestrator.cli.set import set_variables
from orchestrator.cli.sync import sync
from orchestrator.cli.unset import unset
from orchestrator.cli.up import up
from orchestrator.cli.usage import WrongUsage
from orchestrator.cli.version import version
from orchestrator.cli.wait import wait
from orchestrator.cli.wires import wires
from orchestrator.domain.text import printable
from orchestrator.errors import AnabranchError

_LONGEST_ERROR = 2000
_DEBUG = "ANABRANCH_DEBUG"
_SEEING = (envs, ps, wires, describe, history, logs, open_service, exec_command, wait)
_CHANGING = (edit, set_variables, unset, redeploy, sync, approve_removal)
_RUNNING = (init, check, up, daemon, forwarder, version)
_STEERING = (tree, show, top, trace, dead_letters, pause, resume, step, restart, stop)

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
_hook = typer.Typer(rich_markup_mode=None)
_actors = typer.Typer(rich_markup_mode=None)
_deliveries = typer.Typer(rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def anabranch(context: typer.Context, environment: options.Environment = None, socket: options.Socket = None) -> None:
    """Every git branch becomes a running environment.

    \b
    Examples:
      anabranch up                   start the daemon and the forwarder
      anabranch -n bugfix ps         what runs in bugfix, and where to reach it
      anabranch -n bugfix edit web   change variables of bugfix's web
    """
    context.obj = Common(socket, environment)
    if context.invoked_subcommand is None:
        print(context.get_help())


@_hook.callback()
def hook() -> None:
    """Webhooks: add one, try it, give it a new secret; and the hook that reports pushes to a repository on this disk.

    \b
    Examples:
      anabranch hook add github --provider github --repository acme/web=web
      anabranch hook test github
      anabranch hook install /srv/git/web.git
    """


@_actors.callback()
def actors() -> None:
    """The machine room: what each actor does and waits for, and how to steer it.

    \b
    Examples:
      anabranch actors tree --problems
      anabranch actors show bugfix:web
      anabranch actors pause bugfix:web --why "looking into it"
    """


for _command in (*_SEEING, *_CHANGING, *_RUNNING):
    app.command(_command.__module__.rpartition(".")[2].replace("_", "-"))(_command)
_hook.command("add")(hook_add)
_hook.command("list")(list_hooks)
_hook.command("rotate")(hook_rotate)
_hook.command("test")(hook_test)
_hook.command("reload")(hook_reload)
_hook.command("install")(install)
_deliveries.callback(invoke_without_command=True)(deliveries)
_deliveries.command("show")(deliveries_show)
_deliveries.command("replay")(replay)
for _steering in _STEERING:
    _actors.command(_steering.__name__.replace("_", "-"))(_steering)
app.add_typer(_hook, name="hook")
app.add_typer(_actors, name="actors")
app.add_typer(_deliveries, name="deliveries")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code. Errors are one line on stderr."""
    _show_what_can_be_shown(sys.stdout, sys.stderr)
    try:
        with bash_words.joined(os.environ):
            code = app(args=arguments, prog_name="anabranch", standalone_mode=False)
        sys.stdout.flush()
    except WrongUsage as error:
        return _refuse(str(error), 2)
    except AnabranchError as error:
        return _refuse(str(error), 1)
    except typer.TyperException as error:
        return _refuse(f"{error.format_message().rstrip('.')} ({_help_of(error)})", error.exit_code)
    except BrokenPipeError:
        return _hang_up()
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except OSError as error:
        return _full() if error.errno == errno.ENOSPC else _fault(error)
    except Exception as error:
        return _fault(error)
    return code if isinstance(code, int) else 0


def _show_what_can_be_shown(*streams: TextIO) -> None:
    """Let a terminal that knows few characters get the others as escapes instead of an error."""
    for stream in streams:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _refuse(line: str, code: int) -> int:
    print(f"anabranch: {printable(' '.join(line.split()), _LONGEST_ERROR)}", file=sys.stderr)
    return code


def _help_of(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'anabranch'} --help"


def _full() -> int:
    _hang_up()
    return _refuse("cannot write: no space left", 1)


def _hang_up() -> int:
    """Say nothing: the reader of a pipe left, as `head` does; what is still to be written goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return 1


def _fault(error: Exception) -> int:
    if os.environ.get(_DEBUG):
        raise error
    where = traceback.extract_tb(error.__traceback__)[-1]
    said = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {error}"
    return _refuse(f"a fault in anabranch itself: {said} ({_DEBUG}=1 shows more)", 1)
