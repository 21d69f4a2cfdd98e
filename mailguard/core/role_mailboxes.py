"""Mailboxes of an office, not of a person: `info@`, `noreply@`, `list-request@`. Data for counts of people in texts.

Such an address in a text tells whom to write to, and exposes nobody. At a consumer mail provider it is somebody's name
for themselves, so whoever counts asks for the domain first.
"""

from __future__ import annotations

ROLES = frozenset(
    """
    abuse accessibility accounts accountspayable accountsreceivable accueil admin administration admissions anfrage
    appointments billing biuro board bookings bookkeeping bounces buchhaltung careers clerk comms communications
    complaints comptabilite contact contacto contacts contactus contato contatti council customercare
    customerservice customerservices dataprotection dpo empfang enquiries enquiry events feedback finance foi
    general hello help helpdesk hostmaster hr info information inquiries invoice invoices it itsupport jobs kontakt
    kontor kundendienst kundenservice legal library mailer mailer-daemon marketing media membership news newsletter
    newsletters office orders payments payroll poczta post postmaster press privacy procurement reception rechnung
    recruitment redaktion registrar registration remittance reservations root safeguarding sales school secretaria
    secretariat secretary security segreteria sekretariat service services subscribe subscriptions support team
    tickets training ufficio unsubscribe vertrieb verwaltung volunteering webmaster welcome ymholiadau
    """.split()  # noqa: SIM905  a list that people edit
)
_BEGIN = ("noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "bounce-", "bounces-", "bounces+", "bounce+")
_END = ("-request", "-owner", "-bounces", "-bounce", "-unsubscribe", "-subscribe", "-leave", "-join", "-help")


def is_role_mailbox(address: str) -> bool:
    """Whether a canonical address is that of an office, by its local part."""
    local = address.partition("@")[0].partition("+")[0]
    return local in ROLES or address.startswith(_BEGIN) or local.endswith(_END)
