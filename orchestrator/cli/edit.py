"""edit: an editor on what a person may change.

In: the service's variables, an editor. Out: overrides and their roll-out, or `no change`.
"""

import time

import typer

from orchestrator.cli import edit_buffer, options, rollout
from orchestrator.cli.daemon_client import Daemon
from orchestrator.cli.editor import Editor
from orchestrator.cli.session import Session, open_session
from orchestrator.domain.snapshot import Edited, ServiceView
from orchestrator.errors import AnabranchError, Conflict, Permanent

_MOST_ROUNDS = 50


def edit(
    context: typer.Context,
    service: options.Service,
    environment: options.Environment = None,
    no_wait: options.NoWait = False,
    timeout: options.Timeout = rollout.SECONDS,
) -> None:
    """Edit variables of a service with $VISUAL or $EDITOR. Saving rolls out a release with them.

    A changed line is an override, which survives pushes; a removed line takes an override back. Git is not touched.

    \b
    Examples:
      anabranch -n bugfix edit web
      EDITOR="code --wait" anabranch edit bugfix:web
      anabranch -n bugfix edit web --no-wait
    """
    session = open_session(context, environment)
    view = session.own_service(service)
    edited = _Round(session, view).until_saved()
    if edited is None:
        print("no change")
        return
    rollout.announce(edited)
    if not no_wait:
        rollout.follow(session.daemon, edited, timeout)


class _Round:
    """One editing of one service: the picture it was made on, and the text as it stands."""

    def __init__(self, session: Session, service: ServiceView) -> None:
        self._daemon: Daemon = session.daemon
        self._session = session
        self._service = service
        self._editor = Editor(f"{service.environment}-{service.service}")
        self._shown = edit_buffer.render(service, edit_buffer.texts_of(service), time.time())

    def until_saved(self) -> Edited | None:
        """Edit until the daemon takes it (Edited) or nothing is to be done (None).

        Raises what stands in the way when a person leaves it as it was; the text is kept then.
        """
        problem: AnabranchError | None = None
        for _ in range(_MOST_ROUNDS):
            saved = self._editor.edit(self._shown)
            unchanged = saved == self._shown
            if unchanged and problem is None:
                return self._done(None)
            if unchanged and not isinstance(problem, Conflict):
                break
            try:
                return self._done(self._save(saved))
            except Conflict as error:
                problem = error
                self._show_the_other_change(saved)
            except Permanent as error:
                problem = error
                self._shown = edit_buffer.with_remark(saved, f"Error: {error}")
            except AnabranchError as error:
                problem = error
                break
        raise self._kept(problem)

    def _save(self, saved: str) -> Edited | None:
        if not edit_buffer.without_remark(saved).strip():
            return None
        changes = edit_buffer.changes(self._service, edit_buffer.read(saved))
        return self._daemon.edit(self._service, changes, careful=True) if changes else None

    def _show_the_other_change(self, saved: str) -> None:
        mine = edit_buffer.changes(self._service, edit_buffer.read(saved))
        try:
            theirs = self._session.own_service(self._service.name)
        except AnabranchError as error:
            raise self._kept(error) from error
        said = edit_buffer.difference(self._service, theirs) or "something"
        self._service = theirs
        text = edit_buffer.render(theirs, edit_buffer.onto(theirs, mine), time.time())
        self._shown = edit_buffer.with_remark(
            text, f"Somebody else changed {said}; this is your text with that. Save it again, or empty the file."
        )

    def _kept(self, problem: AnabranchError | None) -> Permanent:
        return Permanent(f"{problem}; your text is kept in {self._editor.path}")

    def _done(self, edited: Edited | None) -> Edited | None:
        self._editor.forget()
        return edited
