"""What every file of the house keeps to."""

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import types
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import thespian.actors

import actors
import orchestrator
from orchestrator.domain import commit, hint, status, wire

ROOT = Path(actors.__file__).parent.parent
MODULES = sorted(
    found.name
    for package in (actors, orchestrator)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not found.name.endswith("__main__")
)
FILES = sorted(file for package in ("actors", "orchestrator") for file in (ROOT / package).rglob("*.py"))
MOST_LINES = 300
ONE_SHOT = {"Iterator", "Generator", "AsyncIterator", "AsyncGenerator", "map", "filter", "zip"}
DRAWERS = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}
TRAVEL_AS_THEY_ARE = (commit.HeadMoved, hint.RefHint, status.Observation, wire.Wired)


def shown(file: Path) -> str:
    return str(file.relative_to(ROOT))


def own_classes(module: types.ModuleType) -> list[type]:
    return [c for _, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == module.__name__]


def messages() -> list[type]:
    return [*own_classes(importlib.import_module("actors.messages")), *TRAVEL_AS_THEY_ARE]


@pytest.mark.parametrize("kind", messages(), ids=lambda kind: kind.__name__)
def test_a_message_is_a_frozen_value_whose_fields_can_be_hashed(kind: type) -> None:
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    for field in dataclasses.fields(kind):
        names = {node.id for node in ast.walk(ast.parse(str(written(field.type)), mode="eval")) if is_name(node)}
        assert not names & {"list", "dict", "set", "List", "Dict", "Set", "Mapping", "Sequence", "Callable", "object"}
        assert not names & ONE_SHOT


def written(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


def test_messages_have_names_of_their_own_since_they_are_dispatched_by_name() -> None:
    rooms = [n for n in MODULES if n.startswith("actors.")]
    classes = {c for name in rooms for c in own_classes(importlib.import_module(name))} | set(TRAVEL_AS_THEY_ARE)
    counted = Counter(c.__name__ for c in classes)
    handled = {kind.__name__ for kind in messages()}
    assert [name for name in sorted(handled) if counted[name] > 1] == []
    assert not handled & {name for name in dir(thespian.actors) if not name.startswith("_")}


def test_every_handler_is_that_of_a_message_which_exists() -> None:
    known = {kind.__name__ for kind in messages()} | {
        "WakeupMessage",
        "ChildActorExited",
        "ChildActorFailed",
        "ActorExitRequest",
    }
    handlers = {
        name.removeprefix("receiveMsg_")
        for module in MODULES
        if module.startswith("actors.") and not module.startswith("actors.engine")
        for kind in own_classes(importlib.import_module(module))
        for name in vars(kind)
        if name.startswith("receiveMsg_")
    }
    assert handlers - known == set()


def public_functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    ]


def annotations(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Sequence[ast.expr]:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    written = [a.annotation for a in every if a and a.annotation]
    return [*written, *([function.returns] if function.returns else [])]


def is_context(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("contextmanager" in ast.unparse(decorator) for decorator in function.decorator_list)


def rooms_without_streams() -> list[Path]:
    rooms = ("actors/", "orchestrator/domain/", "orchestrator/settings/")
    return [f for f in FILES if shown(f).startswith(rooms)]


def test_no_public_signature_hands_out_what_can_be_read_only_once() -> None:
    found = [
        f"{shown(file)}:{function.lineno}: {function.name}"
        for file in rooms_without_streams()
        for function in public_functions(ast.parse(file.read_text()))
        if not is_context(function)
        for annotation in annotations(function)
        for node in ast.walk(annotation)
        if isinstance(node, ast.Name) and node.id in ONE_SHOT
    ]
    assert found == []


def test_every_module_says_what_it_is_for() -> None:
    assert [shown(f) for f in FILES if not ast.get_docstring(ast.parse(f.read_text()))] == []


def test_every_public_name_says_what_it_is_for() -> None:
    found = [
        f"{shown(file)}:{node.lineno}: {node.name}"
        for file in FILES
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert found == []


def test_no_module_is_a_drawer() -> None:
    assert [name for name in MODULES if set(name.split(".")) & DRAWERS] == []


def test_no_file_holds_two_concepts() -> None:
    assert [shown(f) for f in FILES if len(f.read_text().splitlines()) > MOST_LINES] == []


def test_what_a_package_hands_out_is_listed_in_order_and_exists() -> None:
    for name in MODULES:
        module = importlib.import_module(name)
        listed = getattr(module, "__all__", None)
        if listed is None:
            continue
        assert list(listed) == sorted(listed), name
        assert [word for word in listed if not hasattr(module, word)] == [], name


def test_processes_are_started_with_argument_lists_only() -> None:
    found = [
        f"{shown(file)}:{node.lineno}"
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.keyword) and node.arg == "shell" and ast.unparse(node.value) != "False"
    ]
    assert found == []


def test_nothing_is_unpickled() -> None:
    found = [
        shown(file)
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and {"pickle", "marshal", "shelve"} & {a.name for a in node.names}
        | ({getattr(node, "module", "")} & {"pickle"})
    ]
    assert found == []


def test_every_locked_dependency_has_a_hash_and_no_place_to_come_from() -> None:
    entries = (ROOT / "requirements.lock").read_text().replace("\\\n", " ").splitlines()
    locked = [entry for entry in entries if entry.strip() and not entry.lstrip().startswith("#")]
    assert locked
    for entry in locked:
        assert re.fullmatch(r"[a-z0-9._-]+(\[[a-z,]+\])?==[^ ]+( ; .*?)?( +--hash=sha256:[0-9a-f]{64})+ *", entry)


def test_a_question_at_the_daemon_loads_no_heavy_library(tmp_path: Path) -> None:
    heavy = "pydantic", "sqlalchemy", "aiohttp", "kubernetes", "thespian", "git", "yaml", "httpx"
    ask = "import sys; from orchestrator.cli import main; main(sys.argv[1:])"
    program = f"{ask}; print(sorted({set(heavy)} & set(sys.modules)))"
    words = [sys.executable, "-c", program, "--socket", str(tmp_path / "none.sock"), "ps"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert (done.stdout, done.stderr.split(";")[0]) == ("[]\n", f"anabranch: no daemon at {tmp_path}/none.sock")
