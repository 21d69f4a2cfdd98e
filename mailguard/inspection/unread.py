"""The inspector of a version that reads no attachments: it says so of every part, and the floor holds the message."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.mail.message import Message
from ..core.verdict import Inspection


class UnreadInspector:
    """Implements guard.ports.Inspector. Fails closed: nothing that a rule asks about passes unread."""

    async def inspect(self, message: Message, parts: Sequence[str]) -> Sequence[Inspection]:
        """One Inspection for each path, each uninspectable."""
        return [Inspection(part, uninspectable="this version of mailguard reads no attachments") for part in parts]
