"""Ends of credentials in settings: found wherever they stand, and no secret with them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.azure.credential_expiry import JWT, SAS_TOKEN, find_expiries

END = datetime(2024, 6, 2, 8, 30, tzinfo=UTC)
ISO = "2024-06-02T08:30:00Z"
SECRET = "c2lnbmF0dXJl%3D"
SAS = f"https://x.blob.core.windows.net/a/run.sh?sv=2022-11-02&st=2024-06-01&se={ISO}&sr=b&sp=r&sig={SECRET}"


def jwt(**claims: object) -> str:
    """A token that says so."""

    def part(body: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{part(claims)}.c2ln"


def found(settings: object) -> list[tuple[str, str, datetime]]:
    """Where, what, until when."""
    return [tuple(expiry) for expiry in find_expiries(settings, "settings")]


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"fileUris": ["https://x/plain", SAS]}, "settings.fileUris[1]"),
        ({"fileUris": [SAS.replace(":", "%3A").replace("https%3A", "https:")]}, "settings.fileUris[0]"),
        ({"commandToExecute": f"curl '{SAS}' | sh"}, "settings.commandToExecute"),
        ({"storage": {"token": f"?se={ISO}&sig={SECRET}"}}, "settings.storage.token"),
        ({"token": f"se={ISO}&sig={SECRET}"}, "settings.token"),
        ({"xml": f"<a>?sv=1&amp;se={ISO}&amp;sig=s</a>"}, "settings.xml"),
        ({"nested": json.dumps({"uri": SAS})}, "settings.nested.uri"),
    ],
)
def test_a_sas_token_is_found_wherever_it_stands(settings: dict[str, Any], where: str) -> None:
    """R18: in lists, in commands, quoted, nested as JSON text, with the place by which a person finds it."""
    assert found(settings) == [(where, SAS_TOKEN, END)]


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2024-06-02", datetime(2024, 6, 2, tzinfo=UTC)),
        ("2024-06-02T08:30Z", END),
        ("2024-06-02T10:30:00%2B02:00", END),
        ("2024-06-02T08:30:00.0000000Z", END),
    ],
)
def test_every_form_of_the_end_is_read(text: str, end: datetime) -> None:
    """R18: a date alone means its first moment; offsets and fractions count."""
    ((_, _, instant),) = found({"uri": f"https://x/?se={text}&sig=s"})

    assert instant == end


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"token": jwt(exp=int(END.timestamp()), sub="agent")}, JWT),
        ({"header": f"Bearer {jwt(exp=END.timestamp())}"}, JWT),
        ({"expiresOn": ISO}, "expiresOn"),
        ({"expirationDate": ISO}, "expirationDate"),
        ({"expiryTime": ISO}, "expiryTime"),
        ({"sasExpiry": ISO}, "sasExpiry"),
        ({"expires_at": int(END.timestamp())}, "expires_at"),
        ({"tokenExpiresOn": str(int(END.timestamp()))}, "tokenExpiresOn"),
        ({"notAfter": "2024-06-02T10:30:00+02:00"}, "notAfter"),
    ],
)
def test_tokens_and_fields_that_say_their_end(settings: dict[str, Any], kind: str) -> None:
    """R18: a JWT's exp, and fields whose name says that they are an end."""
    ((_, found_kind, end),) = found(settings)

    assert (found_kind, end) == (kind, END)


@pytest.mark.parametrize(
    "settings",
    [
        None,
        {},
        [],
        "",
        {"fileUris": ["https://x/?base=2024-06-02", "https://x/?sse=2024-06-02"]},
        {"uri": "https://x/?se=soon&sig=s"},
        {"uri": "https://x/?se=2024-13-45&sig=s"},
        {"expires": 3600},
        {"expiryTime": "never"},
        {"expiry": True},
        {"expert": ISO},
        {"token": jwt(sub="agent")},
        {"token": "eyJhbGciOi.eyJub3Q.x"},
        {"text": "{ not json ?x"},
    ],
)
def test_what_says_no_end_is_left_alone(settings: object) -> None:
    """R18: nothing is held over words that only look like an end, and nothing crashes."""
    assert found(settings) == []


def test_no_part_of_a_secret_is_kept() -> None:
    """R18: what is told names the place, never the token."""
    told = repr(found({"fileUris": [SAS], "token": jwt(exp=int(END.timestamp()))}))

    assert SECRET not in told
    assert "eyJ" not in told
    assert "sig=" not in told


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(
    JSON | st.builds(lambda text: {"u": f"?se={text}&sig=s", "expiresOn": text}, st.text("0123456789-:TZ+"))
)
def test_no_settings_are_too_strange(settings: object) -> None:
    """R18: whatever JSON an extension has, ends are aware instants or nothing."""
    assert all(end.tzinfo is not None for _, _, end in found(settings))
