"""Custom metrics as instances report them: JSON in strings in JSON, and whatever else applications write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from arm_bodies import extension
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.azure.custom_metrics_parsing import heeds_custom_metrics, parse_custom_metrics
from fleetwright.domain.instances import CustomMetrics


def reported(message: str, code: str = "ComponentStatus/CustomMetrics/succeeded") -> dict[str, Any]:
    """An instance view whose health extension reports this message."""
    health = {
        **extension("Health", "ProvisioningState/succeeded"),
        "substatuses": [{"code": code, "message": message}],
    }
    return {"extensions": [extension("App", "ProvisioningState/succeeded"), health]}


def wanting(**rolling_upgrade: object) -> str:
    """The message of an application that wants this."""
    return json.dumps({"rollingUpgrade": rolling_upgrade})


@pytest.mark.parametrize(
    ("message", "read"),
    [
        (wanting(PhaseOrderingNumber=2, SkipUpgrade=False), CustomMetrics(phase=2)),
        (wanting(PhaseOrderingNumber="3", SkipUpgrade="false"), CustomMetrics(phase=3)),
        (wanting(SkipUpgrade="true"), CustomMetrics(skip_upgrade=True)),
        (wanting(SkipUpgrade=" True "), CustomMetrics(skip_upgrade=True)),
        (wanting(PhaseOrderingNumber=0), CustomMetrics(phase=0)),
        (wanting(PhaseOrderingNumber=4.0, SkipUpgrade=None), CustomMetrics(phase=4)),
        (wanting(phaseorderingnumber=-1, skipupgrade=True), CustomMetrics(skip_upgrade=True, phase=-1)),
        (wanting(), CustomMetrics()),
        (json.dumps(wanting(PhaseOrderingNumber=5)), CustomMetrics(phase=5)),
        (json.dumps({"rollingUpgrade": json.dumps({"SkipUpgrade": True})}), CustomMetrics(skip_upgrade=True)),
        (json.dumps({"customMetrics": wanting(PhaseOrderingNumber=6)}), CustomMetrics(phase=6)),
        (
            json.dumps({"rollingUpgrade": {"rollingUpgrade": {"PhaseOrderingNumber": 7}}}),
            CustomMetrics(phase=7),
        ),
        (json.dumps({"temperature": 20}), None),
    ],
)
def test_metrics_are_read_leniently(message: str, read: CustomMetrics | None) -> None:
    """N19: JSON encoded once or several times, flags and numbers as such or as strings, in any case."""
    assert parse_custom_metrics(reported(message)) == read


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ("[1]", "it is no JSON object"),
        ("null", "it is no JSON object"),
        (wanting(SkipUpgrade="perhaps"), "SkipUpgrade is 'perhaps'; it must be true or false"),
        (wanting(PhaseOrderingNumber="first"), "PhaseOrderingNumber is 'first'; it must be a whole number"),
        (wanting(PhaseOrderingNumber=True), "PhaseOrderingNumber is True; it must be a whole number"),
        (wanting(PhaseOrderingNumber=1.5), "PhaseOrderingNumber is 1.5; it must be a whole number"),
        (json.dumps({"rollingUpgrade": 7}), "it is no JSON object"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_what_cannot_be_read_says_why(message: str, said: str) -> None:
    """N19: nothing that an application writes is a crash; the problem holds the text, shortened, and what is wrong."""
    found = parse_custom_metrics(reported(message))

    assert found is not None
    assert said in found.problem
    assert len(found.problem) < 300


def test_an_instance_without_the_substatus_says_nothing() -> None:
    """N18: other substatuses and no substatus at all are no metrics."""
    assert (
        parse_custom_metrics(reported(wanting(SkipUpgrade=True), code="ComponentStatus/Other/succeeded"))
        is None
    )
    assert parse_custom_metrics({}) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda deep: (
            st.lists(deep)
            | st.dictionaries(
                st.sampled_from(["rollingUpgrade", "SkipUpgrade", "customMetrics", "PhaseOrderingNumber"]),
                deep,
            )
        ),
    )
)
def test_no_json_is_a_crash(value: object) -> None:
    """N19: any JSON reads as metrics, as none, or as a problem."""
    found = parse_custom_metrics(reported(json.dumps(value)))

    assert found is None or isinstance(found, CustomMetrics)


@pytest.mark.parametrize(
    ("type_handler_version", "protocol", "heeded"),
    [
        ("2.0", "http", True),
        ("2.1", "HTTPS", True),
        ("10.0", "http", True),
        ("2.0", "tcp", False),
        ("1.0", "http", False),
        ("", "http", False),
        ("two", "http", False),
    ],
)
def test_which_source_is_heeded(type_handler_version: str, protocol: str, heeded: bool) -> None:
    """N20: rich states over HTTP(S) are needed: the extension 2.0 or later, not TCP, not 1.0."""
    properties = {
        "type": "ApplicationHealthLinux",
        "typeHandlerVersion": type_handler_version,
        "settings": {"protocol": protocol, "port": 80},
    }

    assert heeds_custom_metrics({"extensionProfile": {"extensions": [{"properties": properties}]}}) is heeded


def test_a_probe_is_not_heeded() -> None:
    """N20: a set without the extension has no custom metrics."""
    assert heeds_custom_metrics({"networkProfile": {"healthProbe": {"id": "/p"}}}) is False
