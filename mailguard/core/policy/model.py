"""The policy as it is written (pydantic models) and as it is judged by (frozen values).

`when` gets its keys from the vocabulary; nothing about a condition is said here again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    create_model,
    model_validator,
)

from ..document import Diagnostic
from ..duration import Duration
from ..verdict import Rewrite
from .conditions.declaration import Condition, declared
from .conditions.operands import Address, Word, problem
from .conditions.vocabulary import BY_KEY, CONDITIONS
from .exceptions import ExceptionModel, RuleException
from .glance import Glance
from .leaving import LONGEST_DELAY, ReleaseAs
from .tree import Every, Node, Not, Question, Some, leaves_somebody_out, questions_in

FLOOR_MALFORMED = "floor-malformed"
FLOOR_UNINSPECTABLE = "floor-uninspectable"
FLOOR_SENDER = "floor-sender"
RULE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Action(StrEnum):
    RELAY = "relay"
    REWRITE = "rewrite"
    HOLD = "hold"
    REJECT = "reject"


class Mode(StrEnum):
    OFF = "off"
    MONITOR = "monitor"
    ENFORCE = "enforce"


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WhenBase(_Written):
    """Conditions; all keys that are given must hold."""

    def node(self) -> Node:
        """The tree that these conditions come to."""
        nodes = [node for name in type(self).model_fields if (node := self._node(name)) is not None]
        return nodes[0] if len(nodes) == 1 else Every(tuple(nodes))

    def _node(self, name: str) -> Node | None:
        given = getattr(self, name)
        if given is None:
            return None
        if name == "all_":
            return Every(tuple(each.node() for each in given))
        if name == "any_":
            return Some(tuple(each.node() for each in given))
        if name == "not_":
            return Not(given.node())
        return Question(BY_KEY[name], given)

    @model_validator(mode="after")
    def _something(self) -> Self:
        for name in self.model_fields_set:
            if getattr(self, name) is None:
                key = type(self).model_fields[name].alias or name
                raise problem(f'"{key}" has no value')
        if not self.model_fields_set:
            raise problem("a condition is needed here; one that always holds is envelope_recipients: {at_least: 0}")
        return self


def _condition_field(condition: Condition) -> tuple[Any, Any]:
    return (
        condition.operand | None,
        declared(
            condition.meaning,
            otherwise="is not asked",
            unit=condition.unit,
            example=condition.example,
            consequence=condition.consequence,
            default=None,
        ),
    )


_COMBINATIONS: dict[str, Any] = {
    "all_": (
        tuple["When", ...] | None,
        declared(
            "Holds if every one of these holds.",
            otherwise="is not asked",
            unit="list of conditions",
            example="[{calendar: true}, {envelope_external_recipients: {at_least: 1}}]",
            consequence="Each further condition makes it hold for fewer messages.",
            default=None,
            alias="all",
            min_length=1,
        ),
    ),
    "any_": (
        tuple["When", ...] | None,
        declared(
            "Holds if at least one of these holds.",
            otherwise="is not asked",
            unit="list of conditions",
            example="[{calendar: true}, {size_bytes: {at_least: 10000000}}]",
            consequence="Each further condition makes it hold for more messages.",
            default=None,
            alias="any",
            min_length=1,
        ),
    ),
    "not_": (
        "When | None",
        declared(
            "Holds if this does not hold.",
            otherwise="is not asked",
            unit="conditions",
            example="{recipient_domain: [partner.example]}",
            consequence="Under it, what a sender can write at will (subject, header, sender_any) switches a rule off.",
            default=None,
            alias="not",
        ),
    ),
}

_FIELDS: dict[str, Any] = {condition.key: _condition_field(condition) for condition in CONDITIONS} | _COMBINATIONS

When: Any = create_model(
    "When",
    __base__=WhenBase,
    __module__=__name__,
    **_FIELDS,
)
When.model_rebuild()


class Unless(_Written):
    """Who a rule does not apply to."""

    sender: Address = declared(
        "The rule does not apply if the reverse-path and every From and Sender address match.",
        otherwise="must be given",
        unit="address",
        example=["newsletters@elmroad.example"],
        consequence="Whoever may send as this address is free of the rule. A forged From switches nothing off.",
    )


def _identifier(text: str) -> str:
    if not RULE_ID.fullmatch(text):
        raise problem(f'"{text[:80]}" is not an id: letters, digits, "-", "_" and ".", at most 64 of them')
    if text.startswith("floor-"):
        raise problem(f'"{text}": ids that begin with "floor-" belong to the floors')
    return text


def _unique(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


SenderMay = Annotated[tuple[Literal["cancel", "separate", "original"], ...], AfterValidator(_unique)]
Floor = Literal["floor-malformed", "floor-uninspectable", "floor-sender"]
Lifts = Annotated[tuple[Floor, ...], AfterValidator(_unique)]


class RuleModel(_Written):
    """One rule: when it matches, and what happens then."""

    id: Annotated[StrictStr, AfterValidator(_identifier)] = declared(
        "The rule's name in decisions, reports and tests; one rule of all files.",
        otherwise="must be given",
        unit="letters, digits, - _ .",
        example="visible-list",
        consequence="A new id starts a new history in reports.",
    )
    describe: Word = declared(
        "The rule in one plain sentence, for the sender and the reviewer.",
        otherwise="must be given",
        unit="text",
        example="Ten or more people outside the organisation would see each other's addresses.",
        consequence="Where no condition can say what it counted, this sentence is the reason that the sender reads.",
        max_length=500,
    )
    when: When = declared(
        "The conditions; all keys that are given must hold.",
        otherwise="must be given",
        unit="conditions",
        example={"visible_external_recipients": {"at_least": 10}},
        consequence="A condition that breaks counts as matched with the stricter of hold and the rule's action.",
    )
    unless: Unless | None = declared(
        "Senders to whom the rule does not apply. It takes only `sender`.",
        otherwise="applies to everybody",
        unit="sender",
        example={"sender": ["newsletters@elmroad.example"]},
        consequence="These senders are not guarded by this rule.",
        default=None,
    )
    exceptions: tuple[ExceptionModel, ...] = declared(
        "Messages that the rule spares, each with an owner and an end.",
        otherwise="none",
        unit="list of exceptions",
        example=[
            {
                "id": "board-2026",
                "sender": ["board-secretary@elmroad.example"],
                "recipients": ["ann@council.example", "ben@hospital.example"],
                "owner": "practice manager",
                "reason": "The board members know each other.",
                "added": "2026-11-26",
            }
        ],
        consequence="Each use is recorded and counted; `policy exceptions` lists them. Floors are never spared.",
        default=(),
    )
    action: Literal["relay", "rewrite", "hold", "reject"] = declared(
        "What happens to a message that matches: relay only records.",
        otherwise="must be given",
        unit="relay, rewrite, hold, reject",
        example="hold",
        consequence="The strictest of all matched rules decides: reject, hold, rewrite separate, rewrite bcc, relay.",
    )
    rewrite: Literal["separate", "bcc"] | None = declared(
        "What `rewrite` does, and what a hold offers first: a copy for each outsider, or outsiders hidden.",
        otherwise="separate with action rewrite, else nothing is offered",
        unit="separate, bcc",
        example="separate",
        consequence="bcc still lets a reply or a name in the text tell who else was addressed.",
        default=None,
    )
    mode: Literal["off", "monitor", "enforce"] = declared(
        "off: not asked. monitor: recorded, changes nothing. enforce: it counts.",
        otherwise="enforce",
        unit="off, monitor, enforce",
        example="monitor",
        consequence="A monitored rule never stops a message; a floor does also beside it.",
        default="enforce",
    )
    approvals: StrictInt = declared(
        "How many people have to agree before a held message may leave.",
        otherwise="1",
        unit="people",
        example=2,
        consequence="With 2, no single reviewer can release.",
        default=1,
        ge=1,
        le=2,
    )
    deadline: Duration | None = declared(
        "How long a held message waits for a decision; then it ends as not sent.",
        otherwise="the deadline of the settings",
        unit="duration: 30m, 4h, 2d",
        example="4h",
        consequence="Short deadlines end more messages unsent.",
        default=None,
    )
    delay: Duration | None = declared(
        "The message waits this long and then leaves by itself unless somebody stops it. With action hold.",
        otherwise="a person has to decide",
        unit="duration: 5m",
        example="5m",
        consequence="Nobody has to look: fit for second thoughts, not for protection. Automatic mail does not wait.",
        default=None,
    )
    sender_may: SenderMay = declared(
        "What the sender of a held message may decide alone.",
        otherwise="nothing",
        unit="list of cancel, separate, original",
        example=["cancel", "separate"],
        consequence="original lets the sender overrule the rule.",
        default=(),
    )
    release_as: ReleaseAs | None = declared(
        "The forms in which a held message that this rule matched may leave; of several rules, what all allow.",
        otherwise="any form",
        unit="list of original, separate, bcc, cleaned",
        example=["separate"],
        consequence="Any other release is refused, also one by two people. What cannot be made so is never sent.",
        default=None,
        min_length=1,
    )
    lifts: Lifts = declared(
        "Floors that do not hold a message which this rule matches. Needs a sender or recipient_domain in `when`.",
        otherwise="no floor is lifted",
        unit="list of floor-malformed, floor-uninspectable, floor-sender",
        example=["floor-malformed"],
        consequence="What cannot be read safely leaves unread for these senders or recipients.",
        default=(),
    )
    hide_inside_above: StrictInt | None = declared(
        "In a rewrite, hide inside addresses from outsiders too where there are more of them than this.",
        otherwise="inside addresses stay visible",
        unit="mailboxes",
        example=20,
        consequence="0 always hides them.",
        default=None,
        ge=0,
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.delay is not None and self.action != "hold":
            raise problem(f'"delay" makes sense with action hold only, not with {self.action}')
        if self.delay is not None and self.approvals > 1:
            raise problem('"delay" lets the message leave by itself, which "approvals: 2" forbids')
        if self.delay is not None and self.delay > LONGEST_DELAY:
            raise problem('"delay" is for some minutes, and at most 1d: use "deadline" where a person has to decide')
        if self.lifts and not leaves_somebody_out(self.when.node()):
            raise problem('"lifts" needs a sender or recipient_domain in "when": a floor is never lifted for everybody')
        return self


Path = Annotated[StrictStr, Field(min_length=1, max_length=500)]


class PolicyModel(_Written):
    """One policy file."""

    version: Literal[1] = declared(
        "The version of this format.",
        otherwise="must be given",
        unit="1",
        example=1,
        consequence="Another number is refused.",
    )
    include: tuple[Path, ...] = declared(
        "Other files of this policy. Their rules stand before those of this file.",
        otherwise="none",
        unit="list of paths from this file, in the policy's folder or below it",
        example=["teams/clinic.yaml"],
        consequence="A file that is missing, included twice, or that includes itself keeps the whole policy out.",
        default=(),
    )
    rules: tuple[RuleModel, ...] = declared(
        "The rules. All are evaluated, whatever their order; the strictest that matches decides.",
        otherwise="must be given",
        unit="list of rules",
        example=[
            {
                "id": "visible-list",
                "describe": "Ten or more people outside the organisation would see each other's addresses.",
                "when": {"visible_external_recipients": {"at_least": 10}},
                "action": "hold",
                "rewrite": "separate",
            }
        ],
        consequence="Without rules only the floors hold messages.",
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is judged by. file and line: where it stands.

    inspects: whether it may ask for inspections; reads_all: whether not only for whom closed parts name.
    """

    id: str
    describe: str
    when: Node
    unless: Address | None
    exceptions: tuple[RuleException, ...]
    action: Action
    rewrite: Rewrite | None
    mode: Mode
    approvals: int
    deadline: timedelta | None
    delay: timedelta | None
    sender_may: tuple[str, ...]
    lifts: tuple[str, ...]
    hide_inside_above: int | None
    release_as: tuple[str, ...] | None
    inspects: bool
    reads_all: bool
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules of all files in order. revision: "sha256:" and the hash over names and texts of the documents.

    looks_back: how long before a message its rules ask for earlier ones; None where none does. files_look_back:
    likewise for files that were sent. Both follow from the rules.
    """

    rules: tuple[Rule, ...]
    revision: str
    documents: Mapping[str, bytes]
    warnings: tuple[Diagnostic, ...] = ()
    looks_back: timedelta | None = field(init=False, compare=False, repr=False)
    files_look_back: timedelta | None = field(init=False, compare=False, repr=False)
    glance: Glance[Any] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Asked for each message: it is looked up once."""
        asked = list(self._questions())
        lists = _farthest(each.condition.looks_back(each.operand) for each in asked)
        files = _farthest(each.condition.files_look_back(each.operand) for each in asked)
        object.__setattr__(self, "looks_back", lists)
        object.__setattr__(self, "files_look_back", files)
        object.__setattr__(self, "glance", Glance(_told_by_conditions(rule) for rule in self.rules))

    def _questions(self) -> Iterator[Question]:
        """Every condition of the rules in force."""
        active = (rule for rule in self.rules if rule.mode is not Mode.OFF)
        return (question for rule in active for question, _ in questions_in(rule.when))


def _told_by_conditions(rule: Rule) -> Node | None:
    """The conditions of a rule, where nothing else settles what comes of it unless it matches: whom `unless` exempts is
    asked of a rule that inspects, too.
    """
    return None if rule.mode is Mode.OFF or (rule.unless is not None and rule.inspects) else rule.when


def _farthest(asked: Iterable[timedelta | None]) -> timedelta | None:
    return max((each for each in asked if each is not None), default=None)
