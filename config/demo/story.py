"""The whole story of a branch, on this machine: real git, real processes, real HTTP. `make demo` runs it.

In: `--runtime kubernetes` tells it on a cluster, `--keep` leaves everything running. Out: the narration; exit code 1
and the log when a line of it is wrong, 130 when it was cut short.
"""

import argparse
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from cluster import Cluster
from ground import Failed, Ground
from interrupt import cut_short_by_signals, held_back
from narrator import Narrator
from processes import Processes
from stage import HERE, REPOSITORIES, Stage
from visitor import Visitor

GROUNDS: Mapping[str, Callable[[], Ground]] = {"process": Processes, "kubernetes": Cluster}


class Story:
    """Eight chapters; each leaves the stage as the next one finds it."""

    def __init__(self, narrator: Narrator, stage: Stage) -> None:
        self._tell = narrator
        self._stage = stage

    def play(self) -> None:
        """Tell all of it; raises Failed at the first thing that does not hold."""
        self._tell.say(f"directory: {self._stage.directory}")
        self._repositories()
        self._up()
        self._first_branch()
        self._joined()
        self._second_commit()
        self._edited()
        self._broken()
        self._removed()

    def _repositories(self) -> None:
        self._tell.chapter("Three git repositories, each with a score.yaml and a tiny HTTP service")
        for name in REPOSITORIES:
            self._stage.run("git", "init", "-q", "--bare", "-b", "main", f"git/{name}.git")
            self._stage.run("git", "clone", "-q", f"git/{name}.git", name)
            for file in (HERE / "service.py", *(HERE / name).iterdir()):
                shutil.copy(file, self._stage.directory / name)
            self._git(name, "config", "user.name", "Demo", show=False)
            self._git(name, "config", "user.email", "demo@anabranch.example", show=False)
            self._commit(name, f"Begin {name}", show=False)
        self._stage.run("cat", "web/score.yaml")
        self._tell.tick("app, web and other_app")

    def _up(self) -> None:
        self._tell.chapter("anabranch up: the daemon and the forwarder; a hook in each repository reports pushes")
        self._stage.prepare()
        self._stage.write_settings()
        self._stage.run("cat", "anabranch.yaml")
        for name in REPOSITORIES:
            self._stage.run("anabranch", "hook", "install", f"git/{name}.git")
        self._stage.start()

    def _first_branch(self) -> None:
        self._tell.chapter("Push main everywhere: the baseline; then branch bugfix of app")
        for name in REPOSITORIES:
            self._push(name, "main")
        self._ready("main", 3)
        self._stage.run("anabranch", "-n", "main", "ps")
        for name in REPOSITORIES:
            self._git(name, "switch", "-q", "-c", "bugfix", show=False)
        self._commit("app", "Fix the bug")
        self._push("app", "bugfix")
        self._ready("bugfix", 1)
        self._expect(self._stage.run("anabranch", "-n", "bugfix", "ps", "-q") == "bugfix:app\n", "bugfix holds app")

    def _joined(self) -> None:
        self._tell.chapter("Push bugfix of web and other_app: they join, and talk to each other")
        for name in ("web", "other_app"):
            self._push(name, "bugfix")
        self._ready("bugfix", 3)
        self._stage.run("anabranch", "-n", "bugfix", "ps")
        self._stage.run("anabranch", "-n", "bugfix", "wires")
        answer = self._stage.ask(self._url("web"))
        from_here = {name: peer["environment"] for name, peer in answer["peers"].items()}
        self._expect(from_here == {"app": "bugfix", "other_app": "bugfix"}, "web was answered by bugfix's own peers")

    def _second_commit(self) -> None:
        self._tell.chapter("A second commit to app: the old release answers until the new one is ready")
        url = self._url("app")
        with Visitor(lambda: self._stage.ground.ask(url)) as visitor:
            self._stage.until("a visitor asks app again and again", lambda: visitor.answers["v1"] >= 20)
            self._commit("app", "Fix it better")
            self._push("app", "bugfix")
            self._stage.until("the new release answers", lambda: visitor.answers["v2"] >= 20)
        counted = ", ".join(f"{count} by {release}" for release, count in sorted(visitor.answers.items()))
        self._expect(not visitor.failures, f"{sum(visitor.answers.values())} answers ({counted}), no failure")

    def _edited(self) -> None:
        self._tell.chapter("Edit web's variables in bugfix; git is not touched")
        self._stage.run("anabranch", "-n", "bugfix", "edit", "web", EDITOR="sed -i s/Hello/Ahoy/")
        self._stage.run("anabranch", "-n", "bugfix", "history", "web")
        greeting = self._stage.ask(self._url("web"), show=False)["greeting"]
        self._expect(greeting == "Ahoy from web", f"web in bugfix says: {greeting}")

    def _broken(self) -> None:
        self._tell.chapter("Push a broken commit: the old release keeps answering")
        self._stage.ground.spoil(self._stage.directory / "web")
        self._commit("web", "Break it")
        self._push("web", "bugfix")
        self._stage.until("the new release failed", lambda: self._service("web")["status"] == "Degraded")
        self._stage.run("anabranch", "-n", "bugfix", "ps")
        self._stage.run("anabranch", "describe", "bugfix:web")
        answer = self._stage.ask(self._url("web"), show=False)
        self._expect(answer["release"] == "2", "v2 of web still answers")

    def _removed(self) -> None:
        self._tell.chapter("Delete bugfix, first in app, then everywhere")
        before = self._stage.ask(self._url("web"), show=False)
        self._delete("app")
        self._stage.until("app has left bugfix", lambda: not self._service("app")["present"])
        self._stage.run("anabranch", "-n", "bugfix", "wires")
        after = self._stage.ask(self._url("web"))
        self._expect(after["peers"]["app"]["environment"] == "main", "web in bugfix is served by main's app")
        self._expect(after["instance"] == before["instance"], "and was not restarted")
        self._delete("web")
        self._delete("other_app")
        self._stage.until("the environment is gone", lambda: self._environments() == ["main"])
        self._stage.run("anabranch", "envs")

    def _git(self, name: str, *words: str, show: bool = True) -> str:
        return self._stage.run("git", "-C", name, *words, show=show)

    def _commit(self, name: str, subject: str, *, show: bool = True) -> None:
        with (self._stage.directory / name / "CHANGES").open("a") as changes:
            changes.write(f"{subject}\n")
        self._git(name, "add", ".", show=False)
        self._git(name, "commit", "-q", "-m", subject, show=show)

    def _push(self, name: str, branch: str) -> None:
        self._git(name, "push", "-q", "origin", branch)

    def _delete(self, name: str) -> None:
        self._git(name, "push", "-q", "origin", "--delete", "bugfix")

    def _ready(self, environment: str, services: int) -> None:
        def holds() -> bool:
            found = self._stage.read("ps", "-n", environment) or []
            return len(found) == services and all(s["status"] == "Ready" for s in found)

        self._stage.until(f"{environment}: {services} Ready", holds)

    def _service(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._stage.read("ps", f"bugfix:{name}")[0]
        return found

    def _url(self, name: str) -> str:
        url: str = self._service(name)["addresses"][0][1]
        return url

    def _environments(self) -> list[str]:
        return [view["environment"] for view in self._stage.read("envs")]

    def _expect(self, holds: bool, what: str) -> None:
        if not holds:
            raise Failed(what)
        self._tell.tick(what)


def main() -> int:
    """Play it; returns the exit code."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--keep", action="store_true", help="leave everything running")
    arguments.add_argument("--runtime", choices=GROUNDS, default="process", help="where services run")
    chosen = arguments.parse_args()
    keep = chosen.keep
    cut_short_by_signals()
    narrator = Narrator(8)
    stage = Stage(narrator, GROUNDS[chosen.runtime]())
    try:
        Story(narrator, stage).play()
    except Failed as failure:
        narrator.cross(str(failure))
        narrator.output("\n".join(stage.log().splitlines()[-20:]) if stage.up else "")
        keep = False
        return 1
    except KeyboardInterrupt:
        narrator.cross("cut short; what it started is ended")
        keep = False
        return 130
    finally:
        if not keep:
            with suppress(KeyboardInterrupt), held_back():
                stage.close()
    narrator.end("Every line of the story holds" + ("" if keep else "; nothing is left behind"))
    if keep:
        _invite(narrator, stage)
    return 0


def _invite(narrator: Narrator, stage: Stage) -> None:
    exported = [f"{name}={stage.environ[name]}" for name in ("ANABRANCH_SOCKET", "KUBECONFIG") if name in stage.environ]
    running = [*([stage.up.pid] if stage.up else []), *stage.ground.processes]
    narrator.say("It still runs. Try:")
    for line in (
        f"export {' '.join(exported)} PATH={':'.join(stage.programs)}:$PATH",
        f"cd {stage.directory}",
        "anabranch -n main ps -w",
        "git -C web switch -c feature/hello origin/main && git -C web push origin feature/hello",
        "anabranch -n feature/hello wait",
        "anabranch -n feature/hello wires",
        "anabranch actors tree",
        f"kill {' '.join(map(str, running))} && rm -rf {stage.directory}    # ends it",
    ):
        narrator.say(f"  {line}")


if __name__ == "__main__":
    sys.exit(main())
