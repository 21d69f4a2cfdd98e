"""From documents to a policy: all that is wrong in all files at once, or a policy with its revision and warnings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ..document import Diagnostic, Document, DocumentErrors, load_document, quoted, validate
from ..verdict import Rewrite
from .conditions.content import CALENDAR
from .model import Action, Mode, Policy, PolicyModel, Rule, RuleModel
from .tree import questions_in

__all__ = ["Policy", "load_policy", "revision_of"]


def load_policy(documents: Mapping[str, bytes]) -> Policy:
    """The policy that these documents (name -> text) make, in the order of the mapping.

    Raises DocumentErrors with everything that is wrong, also for no document at all.
    """
    if not documents:
        raise DocumentErrors([Diagnostic("policy", 1, 1, "there is no policy file")])
    wrong: list[Diagnostic] = []
    rules: list[Rule] = []
    warnings: list[Diagnostic] = []
    for name, text in documents.items():
        try:
            document = load_document(text, name)
            model = validate(document, PolicyModel)
        except DocumentErrors as error:
            wrong.extend(error.diagnostics)
            continue
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
    """`bcc` for invitations: it leaves their attendees where everybody can read them."""
    for index, rule in enumerate(model.rules):
        if rule.rewrite != "bcc" or rule.action not in ("hold", "rewrite"):
            continue
        for test, negated in questions_in(rule.when.node()):
            if test.condition.key == CALENDAR.key and test.operand is not negated:
                message = '"bcc" cannot hide the people in an invitation from each other'
                yield document.diagnostic(("rules", index, "rewrite"), message, '"separate"')
                break


def _rule(model: RuleModel, document: Document, index: int) -> Rule:
    node = model.when.node()
    action = Action(model.action)
    form = model.rewrite or ("separate" if action is Action.REWRITE else None)
    return Rule(
        id=model.id,
        describe=model.describe,
        when=node,
        unless=model.unless.sender if model.unless else None,
        action=action,
        rewrite=Rewrite(form) if form and action in (Action.REWRITE, Action.HOLD) else None,
        mode=Mode(model.mode),
        approvals=model.approvals,
        deadline=model.deadline,
        delay=model.delay,
        sender_may=model.sender_may,
        lifts=model.lifts,
        hide_inside_above=model.hide_inside_above,
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
    if model.rewrite and rule.action in (Action.RELAY, Action.REJECT):
        message = f'"rewrite" has no effect with action {quoted(rule.action.value)}'
        yield document.diagnostic((*path, "rewrite"), message, at_key=True)
    if rule.lifts and rule.mode is not Mode.ENFORCE:
        yield document.diagnostic((*path, "lifts"), "a rule lifts a floor only in mode enforce", at_key=True)
    if rule.unless is not None and not rule.unless.leaves_out():
        yield document.diagnostic(
            (*path, "unless"), '"unless" holds for every sender: the rule never applies', at_key=True
        )
    for test, negated in questions_in(rule.when):
        if negated and test.condition.claimed:
            message = f"{quoted(test.condition.key)} under `not`: a sender can switch this rule off by what they write"
            yield document.diagnostic((*path, "when"), message, at_key=True)
