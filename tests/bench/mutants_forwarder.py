"""The forwarder's promises, each broken on purpose, and the test that notices."""

from mutant import Mutant

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
        '            if hook.name in vars(self).setdefault("_met", set()):\n'
        '                return web.json_response({"delivery": 1})\n'
        "            theirs.verify(hook, headers, body, now)\n"
        '            vars(self)["_met"].add(hook.name)\n',
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
        "orchestrator/domain/webhook/membership.py",
        '    found = {each: hook.repositories.get(each, "") for each in theirs}\n',
        "    found = dict.fromkeys(theirs, next(iter(hook.repositories.values())))\n",
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
