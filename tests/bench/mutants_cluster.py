"""The Kubernetes runtime's promises, each broken on purpose, and the test that notices; most run on a control plane."""

from mutant import Mutant

RUNTIME = "orchestrator/runtimes/kubernetes"
API, CONVERGE, ENVIRONMENTS, HEALTH, KEEPING, LEASE, LIVE, REFLECTOR = (
    f"{RUNTIME}/{name}.py"
    for name in ("api", "converge", "environments", "health", "keeping", "lease", "live", "reflector")
)
CONFLICTS, KEPT, TROUBLE = (f"tests/cluster/test_{name}.py" for name in ("conflicts", "keeping", "trouble"))
MUTANTS = (
    # Only what is ours is touched, and only what nobody wants is deleted.
    Mutant(
        "foreign namespace touched",
        ENVIRONMENTS,
        "    if owner != options.namespace:\n",
        "    if False:\n",
        KEPT,
        "somebody_else",
    ),
    Mutant(
        "prune on empty: what nobody asked for yet",
        KEEPING,
        "        elif (environment, service) in self._wishes:\n",
        "        else:\n",
        KEPT,
        "started_again_writes_nothing",
    ),
    Mutant(
        "prune by labels alone",
        CONVERGE,
        " and self.inventory.holds(environment, key)",
        "",
        KEPT,
        "outlives_the_service",
    ),
    Mutant(
        "prune before everything is applied",
        CONVERGE,
        '        for thing in sorted(changed, key=lambda thing: KINDS[thing["kind"]].stage):\n',
        "        for thing in surplus:\n"
        "            self.api.delete(thing, acting_as)\n"
        '        for thing in sorted(changed, key=lambda thing: KINDS[thing["kind"]].stage):\n',
        KEPT,
        "files_that_no_release_reads",
    ),
    Mutant(
        "another object of the same name deleted",
        API,
        '        only = {"uid": uid} if uid else {}\n',
        "        only = dict[str, str]()\n",
        KEPT,
        "made_anew_meanwhile",
    ),
    Mutant(
        "inventory written after the objects",
        CONVERGE,
        "        if within:\n"
        "            self.inventory.add(environment, within)\n"
        '        for thing in sorted(changed, key=lambda thing: KINDS[thing["kind"]].stage):\n'
        "            self._apply(thing, acting_as)\n",
        '        for thing in sorted(changed, key=lambda thing: KINDS[thing["kind"]].stage):\n'
        "            self._apply(thing, acting_as)\n"
        "        if within:\n"
        "            self.inventory.add(environment, within)\n",
        "tests/cluster/test_kill.py",
    ),
    # One writer.
    Mutant(
        "lease age ignored",
        LEASE,
        " or time.monotonic() - self._renewed > self._lasts * 2 / 3:",
        ":",
        TROUBLE,
        "stopped_for_longer_than_its_lease",
    ),
    Mutant(
        "a lease that somebody holds is taken",
        LEASE,
        "return time.monotonic() - self._seen[1] > float(",
        "return time.monotonic() - self._seen[1] > -float(",
        KEPT,
        "second_daemon_does_not_start",
    ),
    Mutant(
        "any daemon of one identity holds the lease",
        LEASE,
        '        return (spec.get("holderIdentity"), spec.get("leaseTransitions")) == (self._holder, self._epoch)',
        '        return spec.get("holderIdentity") == self._holder',
        KEPT,
        "one_identity",
    ),
    Mutant(
        "no generation check: the epoch of the lease instead of one's own",
        LEASE,
        "        if lease is not None and not self._is_free(lease):\n",
        '        self._epoch = (lease or {}).get("spec", {}).get("leaseTransitions", self._epoch)\n'
        "        if lease is not None and not self._is_free(lease):\n",
        KEPT,
        "one_identity",
    ),
    Mutant(
        "no fence at the apiserver",
        "config/kubernetes/admission.yaml",
        "variables.written == string(params.spec.?leaseTransitions.orValue(0))",
        "variables.written != ''",
        "tests/cluster/test_one_writer.py",
    ),
    Mutant(
        "an object of an earlier epoch deleted unmarked",
        API,
        "        if labels.annotation(thing, labels.EPOCH) != str(self.permit()):\n",
        "        if False:\n",
        "tests/cluster/test_install.py",
        "those_of_an_earlier_one",
    ),
    # What the apiserver says.
    Mutant(
        "409 counted as done",
        API,
        "_result(request, response.status, body, () if contended else allowed)",
        "_result(request, response.status, body, (409, *allowed))",
        CONFLICTS,
    ),
    Mutant(
        "Retry-After ignored",
        API,
        "max(pause, _retry_after(response))",
        "pause",
        TROUBLE,
        "refused_for_a_while",
    ),
    Mutant(
        "written as the daemon itself",
        KEEPING,
        ' if deployer else ""',
        ' if not deployer else ""',
        "tests/cluster/test_install.py",
        "with_its_rights_alone",
    ),
    # What the watches say.
    Mutant(
        "goes on where it was after 410",
        REFLECTOR,
        'self._version, pause = "", _FIRST_PAUSE\n',
        "pause = _FIRST_PAUSE\n",
        TROUBLE,
        "place_is_forgotten",
    ),
    Mutant(
        "waits on though the server is back",
        REFLECTOR,
        'self._version, pause = "", _FIRST_PAUSE\n',
        'self._version = ""\n',
        "tests/kubernetes/test_reflector.py",
    ),
    Mutant(
        "what went while nobody watched is kept",
        LIVE,
        "if _version(thing) <= version]",
        "if _version(thing) < 0]",
        "tests/kubernetes/test_live.py",
    ),
    Mutant(
        "older word wins",
        LIVE,
        "            if held is not None and _version(held) > _version(thing):\n                return\n",
        "",
        "tests/kubernetes/test_live.py",
    ),
    Mutant(
        "watch without a time-out",
        REFLECTOR,
        "self._api.stream(where, _SILENCE)",
        "self._api.stream(where, 600.0)",
        "tests/cluster/test_silence.py",
    ),
    Mutant(
        "drift left alone",
        CONVERGE,
        "        return as_asked\n",
        "        return True\n",
        KEPT,
        "somebody_changes",
    ),
    # Who serves.
    Mutant(
        "serves before it is Ready",
        KEEPING,
        "            if seen.health is Health.READY and rendered is wish.releases.pending:\n",
        "            if rendered is wish.releases.pending:\n",
        KEPT,
        "whose_port_moves",
    ),
    Mutant(
        "judged by what was seen of an older generation",
        HEALTH,
        "    if not is_current(deployment):\n",
        "    if False:\n",
        "tests/kubernetes/test_health.py",
    ),
    Mutant(
        "made in a namespace that is being deleted",
        ENVIRONMENTS,
        "            if holds := held_by(live):\n                raise Dying(holds)\n",
        "",
        KEPT,
        "what_holds_a_namespace",
    ),
    Mutant(
        "values of objects in errors",
        f"{RUNTIME}/failure.py",
        '    head, _, rest = message.partition("Invalid value: ")\n',
        '    head, _, rest = message.partition("\\0")\n',
        "tests/kubernetes/test_judgements.py",
    ),
)
