"""python -m mailguard: the same as the command `mailguard`."""

from __future__ import annotations

import sys

from .cli.main import main

sys.exit(main())
