"""One record in the forms that others ask for: regulator, people affected, the NHS tool, the statistics body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from ..lists import Lists
from ..revision import Revision
from ..table import Form
from .letter import letter
from .nhs import nhs
from .notification import notification
from .regulator import regulator
from .statistics import statistics

Maker = Callable[[Revision, Lists, ZoneInfo, datetime], Form]

FORMS: Mapping[str, Maker] = {
    "notification": notification,
    "letter": letter,
    "regulator": regulator,
    "nhs": nhs,
    "statistics": statistics,
}
"""Name -> what makes it of a revision, the lists, the organisation's time zone and the time now."""
