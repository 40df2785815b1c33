"""The forwarder's promises, each broken on purpose in a copy of the program: a test must notice every time.

In: `--seconds` (mutants are tried until it is over, each of them at least once when it is 0), `--seed`, `--only NAME`.
Out: a line for each mutant, and exit code 1 when one lived. A mutant is one replaced text; that it is still there to be
replaced is checked first.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 240
COPIED = ("orchestrator", "actors", "tests", "pyproject.toml", "typings")


@dataclass(frozen=True)
class Mutant:
    """`before` in `file` becomes `after`; `test` (a file, and words for -k) must fail."""

    name: str
    file: str
    before: str
    after: str
    test: str
    words: str = ""


SIGNATURE = "orchestrator/domain/webhook/signature.py"
RECEIVER = "orchestrator/forwarder/receiver.py"
JOURNAL = "orchestrator/forwarder/journal.py"
MUTANTS = (
    Mutant(
        "answer before fsync",
        JOURNAL,
        '            results = [job.work(db) for job in group]\n            db.execute("COMMIT")\n',
        "            results = [job.work(db) for job in group]\n"
        "            _tell(group, lambda future, result: future.set_result(result), results)\n"
        '            db.execute("COMMIT")\n',
        "tests/forwarder/test_journal.py",
        "takes_nothing",
    ),
    Mutant(
        "commit without a sync",
        "orchestrator/forwarder/journal_file.py",
        "PRAGMA synchronous = FULL",
        "PRAGMA synchronous = NORMAL",
        "tests/forwarder/test_durability.py",
    ),
    Mutant(
        "no directory sync",
        "orchestrator/forwarder/journal_file.py",
        "        os.fsync(descriptor)\n",
        "        pass\n",
        "tests/forwarder/test_durability.py",
    ),
    Mutant(
        "dedupe before authentication",
        RECEIVER,
        "            theirs.verify(hook, headers, body, now)\n",
        "            if self._hooks.seen[hook.name].accepted:\n"
        '                return web.json_response({"delivery": 1})\n'
        "            theirs.verify(hook, headers, body, now)\n",
        "tests/forwarder/test_receiver.py",
        "told_to_strangers",
    ),
    Mutant(
        "str comparison",
        SIGNATURE,
        "any(hmac.compare_digest(mine, theirs) for mine in expected for theirs in given)",
        "any(hmac.compare_digest(mine.decode(), theirs.decode()) for mine in expected for theirs in given)",
        "tests/webhook/test_signatures.py",
        "whatever_else_is_claimed",
    ),
    Mutant(
        "prefix comparison",
        SIGNATURE,
        "any(hmac.compare_digest(mine, theirs) for mine in expected for theirs in given)",
        "any(mine.startswith(theirs) for mine in expected for theirs in given)",
        "tests/webhook/test_signatures.py",
        "shortened",
    ),
    Mutant(
        "no size limit on what is announced",
        RECEIVER,
        "        if (request.content_length or 0) > most:",
        "        if False:",
        "tests/forwarder/test_receiver.py",
        "refused_by_its_head or only_asked_for",
    ),
    Mutant(
        "no size limit on what comes",
        "orchestrator/forwarder/intake.py",
        "            if len(body) + len(part) > most:",
        "            if False:",
        "tests/forwarder/test_receiver.py",
        "chunked_body_is_cut_off",
    ),
    Mutant(
        "refused bodies kept with their connections",
        RECEIVER,
        "            return web.Response(status=refusal.status, text=refusal.text, headers=refusal.headers)\n",
        "            raise\n",
        "tests/forwarder/test_attacks.py",
        "let_go",
    ),
    Mutant(
        "no deadline on the body",
        "orchestrator/forwarder/intake.py",
        "asyncio.timeout(self._intake.limits.body_seconds)",
        "asyncio.timeout(None)",
        "tests/forwarder/test_receiver.py",
        "does_not_come",
    ),
    Mutant(
        "unguarded JSON",
        "orchestrator/domain/payload.py",
        "except (ValueError, RecursionError) as error:",
        "except ZeroDivisionError as error:",
        "tests/forwarder/test_reading.py",
    ),
    Mutant(
        "unguarded shape",
        "orchestrator/domain/payload.py",
        "        if not isinstance(value, dict) or key not in value:\n"
        "            raise Malformed(f\"{'.'.join(path)} is missing\")\n"
        "        value = value[key]",
        "        value = value[key]  # type: ignore[index]",
        "tests/forwarder/test_reading.py",
    ),
    Mutant(
        "refs from the payload as they are",
        "orchestrator/domain/hint.py",
        "        if self.ref and not is_branch(self.ref):",
        "        if False:",
        "tests/forwarder/test_reading.py",
    ),
    Mutant(
        "signed for one repository, believed for another",
        "orchestrator/domain/webhook/hosts.py",
        "    if ours is None:\n",
        "    ours = ours or next(iter(hook.repositories.values()))\n    if ours is None:\n",
        "tests/forwarder/test_reading.py",
    ),
    Mutant(
        "marked before the daemon has it",
        "orchestrator/forwarder/forward.py",
        "            hints = await asyncio.to_thread(coalesce, batch)\n",
        "            hints = await asyncio.to_thread(coalesce, batch)\n"
        "            await self._journal.acknowledge([row.seq for row in batch])\n",
        "tests/forwarder/test_forward.py",
        "refuses_for_the_moment or hangs",
    ),
)


def main(arguments: list[str]) -> int:
    """Try mutants; exit code 1 when one was not noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    given = parser.parse_args(arguments)
    chosen = [mutant for mutant in MUTANTS if not given.only or mutant.name in given.only]
    random.Random(given.seed).shuffle(chosen)
    latest = time.monotonic() + given.seconds if given.seconds else float("inf")
    lived = 0
    for mutant in chosen:
        if time.monotonic() < latest:
            lived += not noticed(mutant)
    print(f"mutants: {lived} lived" if lived else "mutants: every one was noticed", flush=True)
    return 1 if lived else 0


def applied(mutant: Mutant) -> str:
    """Read the mutant's file with its text replaced; raises ValueError when that text is not there exactly once."""
    text = (ROOT / mutant.file).read_text()
    if text.count(mutant.before) != 1:
        raise ValueError(f"{mutant.name}: {mutant.file} holds its text {text.count(mutant.before)} times")
    return text.replace(mutant.before, mutant.after)


def noticed(mutant: Mutant) -> bool:
    """Run the mutant's test in a copy with the mutant; tell whether it failed."""
    with tempfile.TemporaryDirectory(prefix="ab-mutant-") as directory:
        copy = Path(directory)
        for name in COPIED:
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, copy / name)
        (copy / mutant.file).write_text(applied(mutant))
        words = [sys.executable, "-P", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", mutant.test]
        environ = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [*words, *(["-k", mutant.words] if mutant.words else [])],
            cwd=copy,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE,
        )
    noticed = done.returncode == 1 and " failed" in done.stdout
    print(f"mutants: {mutant.name}: {'noticed' if noticed else 'LIVED'}", flush=True)
    if not noticed:
        print(done.stdout[-2000:], done.stderr[-500:], flush=True)
    return noticed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
