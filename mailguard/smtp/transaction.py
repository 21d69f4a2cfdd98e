"""One mail transaction as a state machine without I/O: what to send next, what a reply means (RFC 5321 section 3.3).

The caller writes what `commands` gives, feeds every reply to `receive`, and in state CONTENT sends the content and
calls `sent` before the octets that hold the final dot leave. `lost` says that no further reply will come. The model is
h11's _state.py: two tables, one of meanings, one of transitions; docs/decisions/transaction.md gives the reasons.

INVARIANT: a recipient is ACCEPTED only by a 2yz reply to the final dot, and REFUSED only by a 5yz reply of its own or
to the whole message. An answer that is lost after `sent` is UNCERTAIN, before it DEFERRED.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from ..core.outcome import Outcome, SmarthostReply, Stage
from .troubles import Trouble

WINDOW_OCTETS = 65_536
"""Commands without an answer. More than the commands of a thousand recipients, and less than two sockets buffer."""

DATA = b"DATA\r\n"
RSET = b"RSET\r\n"
LONE_DOT = b".\r\n"


class State(StrEnum):
    """ENVELOPE: MAIL, RCPT, DATA and their replies. CONTENT: it is being written. FINAL: the dot is or may be out.

    VAIN: 354 although nobody was taken; a lone dot is out. RESET: RSET is out. OVER: nothing more to do.
    """

    ENVELOPE = "envelope"
    CONTENT = "content"
    FINAL = "final"
    VAIN = "vain"
    RESET = "reset"
    OVER = "over"


class Event(StrEnum):
    INVITED = "invited"
    INVITED_IN_VAIN = "invited in vain"
    STOPPED = "stopped"
    SENT = "sent"
    ANSWERED = "answered"
    TROUBLED = "troubled"


TRANSITIONS: Mapping[State, Mapping[Event, State]] = {
    State.ENVELOPE: {
        Event.INVITED: State.CONTENT,
        Event.INVITED_IN_VAIN: State.VAIN,
        Event.STOPPED: State.RESET,
        Event.ANSWERED: State.OVER,
        Event.TROUBLED: State.OVER,
    },
    State.CONTENT: {Event.SENT: State.FINAL, Event.ANSWERED: State.OVER, Event.TROUBLED: State.OVER},
    State.FINAL: {Event.ANSWERED: State.OVER, Event.TROUBLED: State.OVER},
    State.VAIN: {Event.ANSWERED: State.OVER, Event.TROUBLED: State.OVER},
    State.RESET: {Event.ANSWERED: State.OVER, Event.TROUBLED: State.OVER},
    State.OVER: {Event.TROUBLED: State.OVER},
}


class Meaning(StrEnum):
    """LATER: too many recipients for this transaction, another one may take it."""

    TROUBLE = "trouble"
    INVITED = "invited"
    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"
    DEFERRED = "deferred"


_EVERYWHERE = frozenset(Stage)
_COMPLETED = frozenset({Stage.MAIL, Stage.RCPT, Stage.FINAL})

MEANINGS: tuple[tuple[frozenset[Stage], range | frozenset[int], Meaning, Trouble | None], ...] = (
    (_EVERYWHERE, frozenset({421}), Meaning.TROUBLE, Trouble.UNAVAILABLE),
    (_EVERYWHERE, frozenset({530, 535, 538}), Meaning.TROUBLE, Trouble.SIGN_IN),
    (frozenset({Stage.DATA}), range(300, 400), Meaning.INVITED, None),
    (_COMPLETED, range(200, 300), Meaning.TAKEN, None),
    (_EVERYWHERE, range(500, 600), Meaning.REFUSED, None),
    (_EVERYWHERE, range(400, 500), Meaning.DEFERRED, None),
    (_EVERYWHERE, range(1_000), Meaning.TROUBLE, Trouble.MALFORMED),
)
"""Most severe first; the first row that fits counts. 2yz to DATA, 3yz elsewhere, 1yz and 6yz to 9yz mean nothing."""


def meaning_of(stage: Stage, reply: SmarthostReply) -> tuple[Meaning, Trouble | None]:
    """What a reply means where it was given."""
    return _meaning_of(stage, reply.code)


@lru_cache(maxsize=8_192)
def _meaning_of(stage: Stage, code: int) -> tuple[Meaning, Trouble | None]:
    for stages, codes, meaning, trouble in MEANINGS:
        if stage in stages and code in codes:
            return meaning, trouble
    return Meaning.TROUBLE, Trouble.MALFORMED


def is_too_many(reply: SmarthostReply) -> bool:
    """452, and 552 from old servers, as RFC 5321 section 4.5.3.1.10 has it; not with another cause's enhanced code."""
    return (reply.code, reply.status) in {(452, None), (452, "4.5.3"), (552, None), (552, "5.5.3")}


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one recipient. outcome None: not tried, another transaction is to try it."""

    outcome: Outcome | None
    reply: SmarthostReply | None


@dataclass(frozen=True, slots=True)
class Result:
    """answers: one for each recipient, in order. reply: the one that stands for the message; see Transmission.

    whole: what applies to the message as a whole, and so to recipients that were not tried; None if it was taken.
    clean: whether the connection can carry another transaction.
    """

    answers: tuple[Answer, ...]
    stage: Stage
    reply: SmarthostReply | None
    trouble: Trouble | None
    whole: Answer | None
    clean: bool

    @property
    def taken(self) -> int:
        """How many recipients the message went to, or may have gone to."""
        return sum(answer.outcome in (Outcome.ACCEPTED, Outcome.UNCERTAIN) for answer in self.answers)


class Transaction:
    """mail and recipients: the commands, each with its CRLF. all_or_none: send only if every recipient is taken.

    With all_or_none DATA leaves only after the last reply to RCPT. There is at least one recipient.
    """

    def __init__(
        self,
        mail: bytes,
        recipients: Sequence[bytes],
        *,
        pipelining: bool,
        all_or_none: bool = False,
        window_octets: int = WINDOW_OCTETS,
    ) -> None:
        self.state = State.ENVELOPE
        self.stage = Stage.MAIL
        self.trouble: Trouble | None = None
        self.unanswered = True
        self._mail = mail
        self._recipients = recipients
        self._pipelining = pipelining
        self._all_or_none = all_or_none
        self._window = window_octets if pipelining else 0
        self._position = -1  # of the next command: -1 MAIL, then the recipients, then DATA
        self._outstanding: deque[tuple[Stage, int, int]] = deque()
        self._outstanding_octets = 0
        self._farewell = b""
        self._mail_taken = False
        self._full = False
        self._taken = 0
        self._negative: SmarthostReply | None = None
        self._replies: list[SmarthostReply | None] = [None] * len(recipients)
        self._meanings: list[Meaning | None] = [None] * len(recipients)
        self._whole: Answer | None = None
        self._reply: SmarthostReply | None = None
        self._clean = True

    # What leaves.

    def commands(self) -> bytes:
        """The commands that may leave now, b"" where a reply comes first. Each is given once."""
        if self._farewell:
            farewell, self._farewell = self._farewell, b""
            return farewell
        if self._position > len(self._recipients):
            return b""
        leaving = []
        while self.state is State.ENVELOPE and (command := self._next()) is not None:
            stage, index, octets = command
            if self._outstanding and self._outstanding_octets + len(octets) > self._window:
                break
            self._position = index + 1
            self._outstanding.append((stage, index, len(octets)))
            self._outstanding_octets += len(octets)
            leaving.append(octets)
        return b"".join(leaving)

    def _next(self) -> tuple[Stage, int, bytes] | None:
        """The next command of the envelope, None where there is none (yet)."""
        if self._position < 0:
            return Stage.MAIL, -1, self._mail
        if self._position < len(self._recipients) and not self._is_hopeless() and not self._full:
            return Stage.RCPT, self._position, self._recipients[self._position]
        if self._position <= len(self._recipients) and self._may_ask_for_data():
            return Stage.DATA, len(self._recipients), DATA
        return None

    def _is_hopeless(self) -> bool:
        """Whether the message cannot leave any more, whatever the other recipients' replies are."""
        refused = self._negative is not None and self._negative.code >= 500
        return self._whole is not None or (self._all_or_none and refused)

    def _may_ask_for_data(self) -> bool:
        if self._is_hopeless():
            return False
        if self._outstanding:
            return self._pipelining and not self._all_or_none
        return self._taken > 0 and not (self._all_or_none and self._negative)

    # What arrives.

    def receive(self, reply: SmarthostReply) -> None:
        """Take the next reply. One that nothing asked for is a trouble."""
        match self.state:
            case State.ENVELOPE if self._outstanding:
                self._receive_in_envelope(reply)
            case State.CONTENT:
                self._receive_early(reply)
            case State.FINAL:
                self._receive_final(reply)
            case State.VAIN | State.RESET:
                # Whatever it says, the outcomes stand; an ordinary answer leaves a connection for the next message.
                meaning, _ = meaning_of(Stage.FINAL, reply)
                self._clean = meaning is Meaning.TAKEN or (self.state is State.VAIN and meaning is not Meaning.TROUBLE)
                self._move(Event.ANSWERED)
            case _:
                self.lost(Trouble.OUT_OF_STEP)

    def sent(self) -> None:
        """The final dot is about to be written: from here on a lost answer is UNCERTAIN."""
        self._move(Event.SENT)
        self.stage = Stage.FINAL

    def lost(self, trouble: Trouble, reply: SmarthostReply | None = None) -> None:
        """No further reply counts. It is no trouble where every outcome stands already."""
        self._clean = False
        if self.state in (State.ENVELOPE, State.CONTENT, State.FINAL) and self._is_undecided():
            uncertain = self.state is State.FINAL and reply is None
            self.trouble = trouble
            self._whole = Answer(Outcome.UNCERTAIN if uncertain else Outcome.DEFERRED, reply)
            self._reply = reply
        self._move(Event.TROUBLED)

    def _is_undecided(self) -> bool:
        return self._whole is None and any(
            meaning not in (Meaning.REFUSED, Meaning.DEFERRED) for meaning in self._meanings
        )

    def _receive_in_envelope(self, reply: SmarthostReply) -> None:
        stage, index, octets = self._outstanding.popleft()
        self._outstanding_octets -= octets
        meaning, trouble = meaning_of(stage, reply)
        if trouble is not None:
            self.lost(trouble, reply if trouble is not Trouble.MALFORMED else None)
        elif stage is Stage.MAIL:
            self._mail_answered(meaning, reply)
        elif stage is Stage.RCPT:
            self._recipient_answered(index, meaning, reply)
        else:
            self._data_answered(meaning, reply)
        self.unanswered = self.unanswered and trouble is not None and stage is Stage.MAIL
        if self.state is State.ENVELOPE and not self._outstanding and self._next() is None:
            self._end_envelope()

    def _mail_answered(self, meaning: Meaning, reply: SmarthostReply) -> None:
        self._mail_taken = meaning is Meaning.TAKEN
        if self._mail_taken:
            self.stage = Stage.RCPT
        else:
            self._end_with(meaning, reply)

    def _recipient_answered(self, index: int, meaning: Meaning, reply: SmarthostReply) -> None:
        if not self._mail_taken:
            if meaning is Meaning.TAKEN:  # a server that refuses MAIL and takes RCPT is in no state that is known
                self.lost(Trouble.OUT_OF_STEP)
            return
        if meaning is Meaning.TAKEN:
            self._taken += 1
        elif self._taken and not self._all_or_none and is_too_many(reply):
            meaning, self._full = Meaning.LATER, True
        elif self._negative is None or self._negative.code < 500 <= reply.code:
            self._negative = reply
        self._replies[index], self._meanings[index] = reply, meaning
        if self._taken and not self._awaits_recipients() and not (self._all_or_none and self._negative):
            self.stage = Stage.DATA

    def _awaits_recipients(self) -> bool:
        if self._outstanding:
            return self._outstanding[0][0] is Stage.RCPT
        return self._position < len(self._recipients) and not self._full

    def _data_answered(self, meaning: Meaning, reply: SmarthostReply) -> None:
        if meaning is Meaning.INVITED and self._taken and self._whole is None:
            self._move(Event.INVITED)
            self.stage = Stage.BODY
        elif meaning is Meaning.INVITED:
            self._move(Event.INVITED_IN_VAIN)
            self._farewell = LONE_DOT
        elif self._taken:
            self._end_with(meaning, reply)

    def _receive_early(self, reply: SmarthostReply) -> None:
        """A reply before the final dot: a refusal counts, but what follows on this connection cannot be told apart."""
        self._clean = False
        meaning, trouble = meaning_of(Stage.BODY, reply)
        if trouble is not None:
            self.lost(trouble, reply if trouble is not Trouble.MALFORMED else None)
            return
        self._end_with(meaning, reply)
        self._move(Event.ANSWERED)

    def _receive_final(self, reply: SmarthostReply) -> None:
        meaning, trouble = meaning_of(Stage.FINAL, reply)
        if trouble is not None:
            # 421 and the like say that the message was not taken; a reply that means nothing says nothing: UNCERTAIN.
            self.lost(trouble, reply if trouble is not Trouble.MALFORMED else None)
            return
        self._end_with(meaning, reply)
        self._move(Event.ANSWERED)

    def _end_with(self, meaning: Meaning, reply: SmarthostReply) -> None:
        self._whole = Answer(_OUTCOMES[meaning], reply)
        self._reply = reply

    def _end_envelope(self) -> None:
        """Every command was answered, and there will be no content."""
        if not self._mail_taken:
            self._move(Event.ANSWERED)
            return
        self._move(Event.STOPPED)
        self._farewell = RSET

    def _move(self, event: Event) -> None:
        self.state = TRANSITIONS[self.state][event]

    # What became of it.

    @property
    def is_decided(self) -> bool:
        """Whether every outcome stands already, whatever is still to be heard."""
        if self.state in (State.VAIN, State.RESET, State.OVER):
            return True
        return self.state is State.ENVELOPE and not self._is_undecided()

    @property
    def is_clean(self) -> bool:
        """Whether the connection can carry another transaction."""
        return self._clean

    def result(self) -> Result:
        """The outcomes, once the state is OVER."""
        refusal = self._negative
        if self._all_or_none and refusal is not None and self.trouble is None:
            outcome = Outcome.REFUSED if refusal.code >= 500 else Outcome.DEFERRED
            return self._result(Answer(outcome, refusal), [self._answer_with_all(i, refusal) for i in self._indices()])
        return self._result(self._whole, [self._answer(index) for index in self._indices()])

    def _result(self, whole: Answer | None, answers: list[Answer]) -> Result:
        turned_down = whole if whole is not None and whole.outcome is not Outcome.ACCEPTED else None
        return Result(tuple(answers), self.stage, self._reply or self._negative, self.trouble, turned_down, self._clean)

    def _indices(self) -> range:
        return range(len(self._recipients))

    def _answer(self, index: int) -> Answer:
        meaning = self._meanings[index]
        if meaning in (Meaning.REFUSED, Meaning.DEFERRED):
            return Answer(_OUTCOMES[meaning], self._replies[index])
        if meaning is Meaning.TAKEN and self._whole is not None:
            return self._whole
        if self._full and not self.trouble:
            return Answer(None, self._replies[index])
        if self._whole is None or self._whole.outcome in (Outcome.ACCEPTED, Outcome.UNCERTAIN):
            return Answer(Outcome.DEFERRED, self._replies[index])
        return self._whole

    def _answer_with_all(self, index: int, refusal: SmarthostReply) -> Answer:
        """Under all_or_none every recipient has the class of the refusal, with its own words where it has some."""
        own = self._replies[index]
        if own is None or own.code // 100 != refusal.code // 100:
            own = refusal
        return Answer(Outcome.REFUSED if refusal.code >= 500 else Outcome.DEFERRED, own)


_OUTCOMES: Mapping[Meaning, Outcome] = {
    Meaning.TAKEN: Outcome.ACCEPTED,
    Meaning.REFUSED: Outcome.REFUSED,
    Meaning.DEFERRED: Outcome.DEFERRED,
}
