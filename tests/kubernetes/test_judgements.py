"""What is made of live objects and of answers: drift or not, try again or not."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import AnabranchError, Permanent, Temporary
from orchestrator.runtimes.kubernetes.drift import pruned, seen_through
from orchestrator.runtimes.kubernetes.failure import Dying, Forbidden, failure, is_contended, is_transient
from orchestrator.runtimes.kubernetes.quantities import canonical

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("asked", "live", "same"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": {"b": [{"c": 1}]}}, {"a": {"b": [{"c": 1, "d": 2}], "e": 3}}, True),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"env": [{"name": "A", "value": ""}]}, {"env": [{"name": "A"}]}, True),
        ({"a": {}, "b": []}, {}, True),
        ({"a": "x"}, {}, False),
    ],
)
def test_drift_is_what_differs_in_the_fields_that_were_asked_for(asked: Any, live: Any, same: bool) -> None:
    assert (seen_through(asked, live) == pruned(asked)) is same


@settings(max_examples=50)
@given(st.dictionaries(st.text(max_size=3), JSON, max_size=4), st.dictionaries(st.text(max_size=3), JSON, max_size=4))
def test_an_object_that_is_as_asked_has_not_drifted_whatever_else_it_holds(asked: Any, more: Any) -> None:
    assert seen_through(asked, more | asked) == pruned(asked)


@pytest.mark.parametrize(
    ("name", "written", "given_back"),
    [
        ("cpu", "0.5", "500m"),
        ("cpu", ".1", "100m"),
        ("cpu", "1000m", "1"),
        ("cpu", "1500m", "1500m"),
        ("cpu", "2", "2"),
        ("memory", "1024Mi", "1Gi"),
        ("memory", "1500Mi", "1500Mi"),
        ("memory", "128K", "128k"),
        ("memory", "2000M", "2G"),
        ("memory", "1000", "1k"),
    ],
)
def test_amounts_have_one_form(name: str, written: str, given_back: str) -> None:
    assert canonical(name, written) == given_back


def said(status: int, reason: str = "", message: str = "", *causes: dict[str, str]) -> AnabranchError:
    body = {"reason": reason, "message": message, "details": {"causes": list(causes)}}
    return failure("patch deployments/app in bugfix", status, body)


@pytest.mark.parametrize("status", [429, 500, 503, 504, 409, 404, 401])
def test_what_passes_by_itself_is_tried_again(status: int) -> None:
    assert isinstance(said(status), Temporary)


def test_an_object_that_the_cluster_cannot_read_waits_for_a_change_though_the_answer_is_500() -> None:
    message = "failed to create typed patch object (bugfix/app): .spec.x: field not declared in schema"
    assert not is_transient(500, {"message": message})
    assert isinstance(said(500, "InternalError", message), Permanent)


@pytest.mark.parametrize(
    "said_by_the_policy",
    [
        "another daemon has taken over",
        "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction",
        "failed to configure binding: paramKind kind `Lease` not yet synced to use for admission",
    ],
)
def test_a_policy_that_does_not_know_the_lease_yet_is_asked_again(said_by_the_policy: str) -> None:
    message = f"ValidatingAdmissionPolicy 'p' with binding 'b' denied request: {said_by_the_policy}"
    assert isinstance(said(422, "Invalid", message, {"message": message}), Temporary)


def test_a_refused_field_is_named_without_its_value() -> None:
    cause = {"field": "spec.env[0].value", "message": 'Invalid value: "hunter2": must be no more than 3 bytes'}
    line = str(said(422, "Invalid", 'Deployment "app" is invalid: value hunter2', cause))
    assert line == (
        "patch deployments/app in bugfix: refused (422 Invalid): spec.env[0].value: must be no more than 3 bytes"
    )


def test_a_field_that_cannot_change_is_told_with_the_way_out() -> None:
    cause = {"field": "spec.selector", "message": 'Invalid value: {"matchLabels":{"a":"b"}}: field is immutable'}
    line = str(said(422, "Invalid", "x", cause))
    assert line.endswith("refused (422 Invalid): spec.selector: field is immutable; delete that object, then redeploy")


def test_a_missing_right_is_named() -> None:
    message = 'deployments.apps "app" is forbidden: User "x" cannot patch resource "deployments" in API group "apps"'
    error = said(403, "Forbidden", message)
    assert isinstance(error, Forbidden)
    assert str(error).endswith('User "x" cannot patch resource "deployments" in API group "apps"')


def test_a_namespace_that_is_going_away_is_not_a_missing_right() -> None:
    assert isinstance(said(403, "Forbidden", "x", {"reason": "NamespaceTerminating"}), Dying)


@pytest.mark.parametrize(
    ("reason", "message", "contended"),
    [
        ("Conflict", "Operation cannot be fulfilled on services: the object has been modified", True),
        ("Conflict", "Precondition failed: UID in precondition: a, UID in object meta: b", False),
        (
            "Conflict",
            "the UID in the precondition (a) does not match (b). It might have been deleted and then recreated",
            False,
        ),
        ("Conflict", "The system is ensuring all content is removed from this namespace.", False),
        ("AlreadyExists", 'namespaces "bugfix" already exists', False),
    ],
)
def test_only_a_conflict_with_another_write_is_worth_the_same_write_again(
    reason: str, message: str, contended: bool
) -> None:
    assert is_contended(409, {"reason": reason, "message": message}) is contended
