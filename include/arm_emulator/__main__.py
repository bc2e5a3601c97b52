"""``python -m arm_emulator``."""

from __future__ import annotations

import sys

from arm_emulator.command_line import main

if __name__ == "__main__":
    sys.exit(main())
