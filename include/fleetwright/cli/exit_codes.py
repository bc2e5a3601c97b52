"""The command's exit codes."""

from __future__ import annotations

EXIT_COMPLETED = 0
EXIT_STOPPED = 1  # stopped or cancelled
EXIT_USAGE = 2  # bad usage or configuration: nothing was changed
EXIT_HELD = 3  # the fleet may not be upgraded now: nothing was changed
