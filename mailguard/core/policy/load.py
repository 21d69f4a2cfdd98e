"""From documents to a policy: all that is wrong in all files at once, or a policy with its revision and warnings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ..document import Diagnostic, Document, DocumentErrors, load_document, quoted, validate
from ..verdict import Rewrite
from .conditions.content import CALENDAR
from .exceptions import doubt, exception_of, twice
from .includes import Arrangement
from .leaving import Asked, contradictions
from .model import Action, Mode, Policy, PolicyModel, Rule, RuleModel
from .tree import questions_in

__all__ = ["Policy", "load_policy", "revision_of"]


def load_policy(documents: Mapping[str, bytes]) -> Policy:
    """The policy that these documents (name -> text) make, in the order of the mapping; what a document includes comes
    before it.

    Raises DocumentErrors with everything that is wrong, also for no document at all.
    """
    if not documents:
        raise DocumentErrors([Diagnostic("policy", 1, 1, "there is no policy file")])
    read = {name: _read(name, text) for name, text in documents.items()}
    whole = {name: each for name, each in read.items() if not isinstance(each, DocumentErrors)}
    arrangement = Arrangement(
        {name: document for name, (document, _) in whole.items()},
        {name: model.include for name, (_, model) in whole.items()},
    )
    arrangement.arrange(documents)
    wrong: list[Diagnostic] = list(arrangement.wrong)
    rules: list[Rule] = []
    warnings: list[Diagnostic] = []
    for name in arrangement.order:
        found = read[name]
        if isinstance(found, DocumentErrors):
            wrong.extend(found.diagnostics)
            continue
        document, model = found
        wrong.extend(_taken(document, model, rules))
        wrong.extend(_contradictions(document, model))
        for index, each in enumerate(model.rules):
            rules.append(_rule(each, document, index))
            warnings.extend(_doubts(each, rules[-1], document, index))
    if wrong:
        raise DocumentErrors(wrong)
    if not any(rule.mode is Mode.ENFORCE and rule.action is not Action.RELAY for rule in rules):
        warnings.append(Diagnostic(next(iter(documents)), 1, 1, "no rule is enforced: only the floors hold messages"))
    return Policy(tuple(rules), revision_of(documents), MappingProxyType(dict(documents)), tuple(warnings))


def _read(name: str, text: bytes) -> tuple[Document, PolicyModel] | DocumentErrors:
    try:
        document = load_document(text, name)
        return document, validate(document, PolicyModel)
    except DocumentErrors as errors:
        return errors


def revision_of(documents: Mapping[str, bytes]) -> str:
    """ "sha256:" and the hash over names and texts, each after its length, in order of name."""
    digest = hashlib.sha256()
    for name in sorted(documents):
        for piece in (name.encode("utf-8", "surrogateescape"), documents[name]):
            digest.update(f"{len(piece)}:".encode())
            digest.update(piece)
    return f"sha256:{digest.hexdigest()}"


def _taken(document: Document, model: PolicyModel, rules: list[Rule]) -> Iterator[Diagnostic]:
    """Ids that an earlier rule of any file has."""
    first = {rule.id: f"{rule.file}:{rule.line}" for rule in rules}
    for index, rule in enumerate(model.rules):
        place = first.get(rule.id)
        if place:
            yield document.diagnostic(("rules", index, "id"), f"the id {quoted(rule.id)} is taken by {place}")
        first.setdefault(rule.id, f"{document.name}:{document.values['rules', index].line}")


def _contradictions(document: Document, model: PolicyModel) -> Iterator[Diagnostic]:
    """`bcc` for invitations: it leaves their attendees where everybody can read them. What `release_as` forbids. Two
    exceptions of one name.
    """
    for index, rule in enumerate(model.rules):
        for number in twice(rule.exceptions):
            message = f"an earlier exception of this rule has the id {quoted(rule.exceptions[number].id)}"
            yield document.diagnostic(("rules", index, "exceptions", number, "id"), message)
        if rule.action not in ("hold", "rewrite"):
            continue
        bcc_alone = "rewrite" if rule.rewrite == "bcc" else "release_as" if rule.release_as == ("bcc",) else None
        if bcc_alone and _names_calendar(rule):
            message = '"bcc" cannot hide the people in an invitation from each other'
            yield document.diagnostic(("rules", index, bcc_alone), message, '"separate"')
        if rule.release_as is not None:
            asked = Asked(rule.release_as, _form(rule), rule.delay is not None, rule.sender_may)
            for key, sentence in contradictions(asked):
                place = key if key in rule.model_fields_set else "release_as"
                yield document.diagnostic(("rules", index, place), sentence)


def _names_calendar(rule: RuleModel) -> bool:
    asked = questions_in(rule.when.node())
    return any(test.condition.key == CALENDAR.key and test.operand is not negated for test, negated in asked)


def _form(rule: RuleModel) -> Rewrite | None:
    """What the rule does or offers; None is the message as written."""
    form = rule.rewrite or ("separate" if rule.action == "rewrite" else None)
    return Rewrite(form) if form and rule.action in ("hold", "rewrite") else None


def _rule(model: RuleModel, document: Document, index: int) -> Rule:
    node = model.when.node()
    action = Action(model.action)
    return Rule(
        id=model.id,
        describe=model.describe,
        when=node,
        unless=model.unless.sender if model.unless else None,
        exceptions=tuple(
            exception_of(each, document.values["rules", index, "exceptions", number].line)
            for number, each in enumerate(model.exceptions)
        ),
        action=action,
        rewrite=_form(model),
        mode=Mode(model.mode),
        approvals=model.approvals,
        deadline=model.deadline,
        delay=model.delay,
        sender_may=model.sender_may,
        lifts=model.lifts,
        hide_inside_above=model.hide_inside_above,
        release_as=model.release_as,
        inspects=any(test.condition.inspects for test, _ in questions_in(node)),
        reads_all=any(test.condition.inspects and not test.condition.names_only for test, _ in questions_in(node)),
        file=document.name,
        line=document.values["rules", index].line,
    )


def _doubts(model: RuleModel, rule: Rule, document: Document, index: int) -> Iterator[Diagnostic]:
    """What can be loaded but is probably not meant."""
    path = ("rules", index)
    for key in ("approvals", "deadline", "sender_may"):
        if key in model.model_fields_set and rule.action is not Action.HOLD:
            message = f"{quoted(key)} has no effect with action {quoted(rule.action.value)}"
            yield document.diagnostic((*path, key), message, at_key=True)
    for key in ("rewrite", "release_as"):
        if getattr(model, key) and rule.action in (Action.RELAY, Action.REJECT):
            message = f"{quoted(key)} has no effect with action {quoted(rule.action.value)}"
            yield document.diagnostic((*path, key), message, at_key=True)
    if rule.lifts and rule.mode is not Mode.ENFORCE:
        yield document.diagnostic((*path, "lifts"), "a rule lifts a floor only in mode enforce", at_key=True)
    if rule.unless is not None and not rule.unless.leaves_out():
        yield document.diagnostic(
            (*path, "unless"), '"unless" holds for every sender: the rule never applies', at_key=True
        )
    for number, each in enumerate(rule.exceptions):
        if (why := doubt(each)) is not None:
            message = f"exception {quoted(each.id)} of rule {quoted(rule.id)}: {why}"
            yield document.diagnostic((*path, "exceptions", number), message)
    for test, negated in questions_in(rule.when):
        if test.condition.claimed and negated is not (test.operand is False):
            message = f"{quoted(test.condition.key)} under `not`: a sender can switch this rule off by what they write"
            yield document.diagnostic((*path, "when"), message, at_key=True)
