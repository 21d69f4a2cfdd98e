"""What the fields of a record of an incident are called, and what helps to fill them in: a part of the catalogue.

By the path of the field in the record (core/register/record.py); of rows, the column behind the name of the list.
"""

from __future__ import annotations

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "happened": "What happened",
    "known": "When you knew",
    "people": "Who is affected",
    "data": "Which data",
    "consequences": "What may come of it",
    "measures": "What is done about it",
    "told": "Who was told",
    "risk": "Harm and likelihood",
    "statistics": "Official statistics",
    "organisation": "Organisation and contacts",
    "seen": "What could be seen",
    "outcome": "How it ended",
    "decision": "The decision whether to report",
    "guard": "What mailguard knew and did",
    "evidence": "Evidence",
}
DAY_HINT = "For example 28/4/2020 10:00, or the day alone"
DATE_HINT = "For example 30/6/2020"

LABELS: Mapping[str, str] = {
    "kind": "What is it?",
    "narrative": "What happened",
    "mechanism": "How it happened",
    "cyber": "It was a cyber incident",
    "occurred_from": "When it happened, or began",
    "occurred_to": "When it ended",
    "detected_at": "When it was found",
    "detected_how": "How it was found",
    "aware_at": "When your organisation knew",
    "aware_by": "Who knew first",
    "aware_basis": "How you knew",
    "subjects": "People by type",
    "subjects.type": "Type",
    "subjects.known": "Certainly affected",
    "subjects.max": "At most",
    "subjects_known": "People certainly affected, in all",
    "subjects_max": "People who may be affected, at most",
    "count_basis": "How they were counted",
    "records_known": "Records certainly affected",
    "records_max": "Records at most",
    "vulnerable_group": "Are people of a vulnerable group among them?",
    "data_categories": "Kinds of data",
    "special_category": "Is it special category data?",
    "criminal": "Is it about criminal offences?",
    "consequences_likely": "Likely consequences",
    "consequences_actual": "What has come of it so far",
    "measures_containment": "To deal with it",
    "measures_mitigation": "To lessen its effects",
    "measures_prevention": "So that it does not happen again",
    **{
        f"{name}.{column}": label
        for name in ("measures_containment", "measures_mitigation", "measures_prevention")
        for column, label in {
            "what": "What",
            "owner": "Who sees to it",
            "due": "Due",
            "done": "Done",
            "asked": "Requests sent",
            "confirmed": "Confirmed",
        }.items()
    },
    "notified_ico_at": "When the Information Commissioner was told",
    "ico_reference": "Reference at the Commissioner",
    "delay_reason": "Why it took more than 72 hours",
    "subjects_told.told": "Were the people affected told?",
    "subjects_told.at": "When they were told",
    "subjects_told.how": "How they were told",
    "subjects_told.individually": "How many were told individually",
    "subjects_told.public_notice_url": "Address of a public notice",
    "subjects_told.exception": "Why they need not be told",
    "others_told": "Others who were told",
    "others_told.who": "Who",
    "others_told.at": "When",
    "others_told.note": "Note",
    "risk.likelihood": "Likelihood",
    "risk.impact": "Harm",
    "risk.rationale": "Why",
    "risk.version": "Grid",
    "statistics.output_title": "Title of the statistical output",
    "statistics.output_url": "Link to it",
    "statistics.codes": "Principles and practices that were broken",
    "statistics.code_version": "Version of the Code",
    "statistics.release_at": "Release time",
    "statistics.published_statement_url": "Link to the published statement",
    "organisation.name": "Organisation",
    "organisation.sector": "Sector",
    "organisation.org_code": "ODS code",
    "organisation.role": "Its role towards the data",
    "organisation.partners": "Joint controllers, or the controller",
    **{
        f"{name}.{column}": f"{whom}: {label}"
        for name, whom in {
            "contact": "Contact",
            "dpo": "Data-protection officer",
            "head_of_profession": "Head of profession",
        }.items()
        for column, label in {"name": "name", "role": "role", "telephone": "telephone", "email": "email"}.items()
    },
    "exposure.visible_external_count": "Addresses outside that could be seen",
    "exposure.visible_named_count": "People named that could be seen",
    "exposure.delivered_count": "Copies delivered",
    "exposure.envelope_count": "Recipients",
    "exposure.batch_group": "People of the whole batch",
    "recipients_external": "Recipients outside, by kind of organisation",
    "outcome_regulator": "What the regulator decided",
    "fine": "Fine",
    "currency": "Currency of the fine",
    "outcome_date": "Date of the decision",
    "decision_ico": "Decision",
    "decision_by": "Who decided",
    "decision_at": "When it was decided",
    "decision_reason": "Why",
    "advice_taken": "Advice taken",
    "guard.rules": "Rules",
    "guard.action": "What the rule did",
    "guard.outcome": "What became of the message",
    "guard.form": "How it left",
    "guard.approver": "Who let it go",
    "guard.release_reason": "Why it was let go",
    "guard.policy_revision": "Version of the rules",
    "guard.mode": "Mode",
    "guard.guard_version": "Version of mailguard",
    "hidden_inventory": "What a file carried unseen",
    "message.ref": "Message",
    "entries": "Entries of the audit trail",
    "status": "Status",
    "closed_at": "Closed",
    "message.message_id": "Message-ID",
    "message.queue_id": "Queue number",
    "message.envelope_sha256": "Fingerprint of the recipients",
    "message.content_sha256": "Fingerprint of the message",
    "message.subject_sha256": "Fingerprint of the subject",
    "message.attachment_sha256": "Fingerprints of the attachments",
}

NO_NAMES = "Name nobody, and give no addresses or numbers of people: a text that holds some is not saved."
HINTS: Mapping[str, str] = {
    "narrative": NO_NAMES,
    "occurred_from": DAY_HINT,
    "occurred_to": f"If it went on for longer. {DAY_HINT}",
    "detected_at": DAY_HINT,
    "aware_at": f"The 72 hours count from it. {DAY_HINT}. If you leave it empty in a new breach, they count from now.",
    "aware_by": "A role is enough, for example data-protection officer",
    "subjects": "People whose data it is. Who got it by mistake is not counted.",
    "subjects_known": "Only where it is not the sum of the types above",
    "subjects_max": "Only where it is not the sum of the types above",
    "consequences_likely": NO_NAMES,
    "notified_ico_at": f"Leave it empty until they were told. {DAY_HINT}",
    "delay_reason": "Needed when the Commissioner is told after the 72 hours (Article 33(1))",
    "subjects_told.at": DAY_HINT,
    "subjects_told.exception": "One of the exceptions of Article 34(3)",
    "statistics.release_at": DAY_HINT,
    "organisation.name": "Only where it differs from your own",
    "contact.name": "Only where it differs from the one in the settings",
    "recipients_external": "One a line, for example: councils: 3",
    "outcome_date": DATE_HINT,
    "decision_at": f"{DAY_HINT}. If you leave it empty, it is now.",
    "decision_by": "A name or a role",
    "decision_reason": "Needed if it is not reported",
}

KINDS: Mapping[str, str] = {
    "breach": "A breach: personal data was lost, seen, changed or destroyed",
    "embargo_breach": "A breach of an embargo on official statistics",
    "near_miss": "A near miss: it was stopped in time",
    "false_positive": "Nothing: the rule was wrong",
}
KIND_NAMES: Mapping[str, str] = {
    "breach": "Breach",
    "embargo_breach": "Breach of an embargo",
    "near_miss": "Near miss",
    "false_positive": "Rule was wrong",
}
STATUS_NAMES: Mapping[str, str] = {"open": "Open", "closed": "Closed"}
FOUND_HOW: Mapping[str, str] = {
    "rule": "A rule of mailguard",
    "sender": "The sender noticed",
    "recipient": "A recipient said so",
    "complaint": "A complaint",
    "look_back": "A look back at past mail",
    "other": "Otherwise",
}
COUNTED_HOW: Mapping[str, str] = {"counted": "Counted", "estimated": "Estimated", "unknown": "Not known"}
ORGANISATION_ROLES: Mapping[str, str] = {
    "controller": "Controller",
    "joint_controller": "Joint controller",
    "processor": "Processor",
}
DECISIONS: Mapping[str, str] = {"report": "Report it to the Commissioner", "not_report": "Do not report it"}
OUTCOMES: Mapping[str, str] = {
    "released": "It was sent",
    "not_sent": "It was not sent",
    "cancelled_by_sender": "The sender cancelled it",
    "expired": "Nobody decided in time, so it was not sent",
}
LEFT_AS: Mapping[str, str] = {"original": "As it was", "bcc": "With Bcc", "separate": "As separate copies"}
ACTIONS: Mapping[str, str] = {"reject": "Refused it", "hold": "Held it", "rewrite": "Changed it"}
YES_NO: Mapping[str, str] = {"yes": "Yes", "no": "No"}
NOT_KNOWN = "Not known yet"
CHOOSE_NONE = "Not stated"
ROW = "{title} {number}"
MOST_ROWS = "This form has room for {count} of them. If the record has more, the others stay as they are."
HIDDEN = "{count} × {kind}"
LINKED = ("1 entry", "{count:,} entries")

# What is wrong with what was typed. The label of the field stands before it.

NO_MOMENT = "write it as 28/4/2020 10:00, or the day alone"
NO_DAY = "write it as 30/6/2020"
NO_COUNT = "write a whole number, for example 5305"
NO_LINES = "write one a line, as: councils: 3"
NO_CHOICE = "choose one of those that are offered"
MISSING = "fill this in, or leave the other fields beside it empty"
TOO_LONG = "this is too long"
PROBLEM = "{label}: {sentence}"
THE_REASON = "Why you change it"
