"""World documents as the state file holds them: the tokens that they list are fingerprints there."""

from __future__ import annotations

import json

from arm_emulator.wire.fingerprints import fingerprint
from arm_emulator.world.reading import parse_world


def without_tokens(text: str) -> str:
    """The same world without its tokens; one that lists none stays as it was written.

    :param text: of a valid world document.
    """
    document = parse_world(text)
    tokens = document.get("tokens") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(tokens, dict) or not any(tokens.values()):
        return text
    hidden = {name: [fingerprint(token) for token in listed or ()] for name, listed in tokens.items()}
    return json.dumps({**document, "tokens": hidden})
