"""Letters as a practice, a council and a charity write them, invented, for comparing texts."""

from __future__ import annotations

import random

SIGNATURE = "\n\nKind regards,\n\nJo Marsh\nPractice Manager\nElm Road Surgery, 1 Elm Road\nTel. 01632 960001"
LAWYER = (
    "\n\nThis email and any attachments are confidential and intended solely for the use of the intended recipient. If "
    "you have received this email in error please notify the sender and delete it from your system. Any views "
    "expressed are those of the author. We accept no liability for any virus transmitted by this email."
)

LETTERS = (
    "Dear Anna, your flu clinic appointment on Saturday has moved to the community hall in Park Lane because the "
    "boiler at the surgery is being replaced. Please bring your appointment letter, wear short sleeves, and "
    "arrive no more than five minutes early, since the hall has few chairs. If you cannot come, tell us by "
    "Thursday and we will find another day for you.",
    "Hello everybody, the minutes of last Monday's partnership meeting are attached with the list of open points."
    " Could each of you look at the budget for the second quarter before we meet again, and send remarks to Dev, "
    "who keeps the table? The room is booked until noon, coffee is there from nine.",
    "Good morning, we are writing about the inquiry into housing repairs that you gave evidence to last year. The"
    " report will be published in the first week of June. Before that you may read the pages that mention your "
    "evidence in our office, with somebody to accompany you if you like. Ring the number below to arrange a time.",
    "Dear applicant, thank you for your application to the relocation scheme. We need one more document from you:"
    " a scanned page of your passport with the photograph. Please reply to this message with the scan within ten "
    "days. Do not travel to the consulate before you have heard from us again.",
    "Hi all, a reminder that the allotment society's spring working day is this Sunday. Bring gloves and a spade "
    "if you have one; the wheelbarrows are already there. We will mend the fence along the brook first and then "
    "share out the compost that the council delivered. Soup at one o'clock for everybody who helped.",
    "Dear parent or carer, the school trip to the science museum leaves at eight sharp from the lower car park. "
    "Children need a packed lunch, a raincoat and their reading book for the coach. Medicine goes to Mrs Frost in"
    " a named bag. We expect to be back by half past four, traffic permitting.",
    "Dear colleague, the new referral form for the memory service replaces the old one from the first of the "
    "month. The old form will be returned unread. Please note the second page, which asks who holds power of "
    "attorney, and the box for the preferred language of the carer.",
    "Dear member, the annual general meeting elects a new treasurer this year. Nominations close on the last "
    "Friday of the month. The accounts have been examined and will be on the table at the meeting; a copy can be "
    "sent by post. Members who cannot come may appoint a proxy on the enclosed form.",
    "Hello, the water in your street will be turned off between ten and two on Wednesday while the valve at the "
    "corner is replaced. Please fill a kettle and a bucket beforehand. After two o'clock let the cold tap run for"
    " a minute until the water is clear. People on home dialysis should ring our priority line.",
    "Dear volunteer, thank you for the hours that you gave to the night shelter this winter. We open again in "
    "November and are making the rota now. Tell us which evenings suit you and whether you can still drive the "
    "van. The training on safeguarding must be repeated every two years.",
)
"""Ten texts with nothing in common but their language."""

SHORT = (
    "Please find attached the invoice for March. Payment is due within thirty days.",
    "See you on Thursday at ten in the small room. I will bring the keys.",
    "Thanks for the figures. I will put them into the report tonight and send it round.",
    "The locum for Friday is confirmed. She has a smartcard already.",
    "Could you send me the draft contract again? The attachment was empty.",
)


def greeted(text: str, name: str) -> str:
    """Another greeting."""
    opening, _, rest = text.partition(",")
    return f"{'Hello' if opening.startswith('Dear') else 'Dear'} {name},{rest}"


def reworded(text: str, share: float, chance: random.Random) -> str:
    """The text with this share of its words replaced by others, at random."""
    words = text.split()
    for place in chance.sample(range(len(words)), round(len(words) * share)):
        words[place] = chance.choice(("however", "between", "green", "nearly", "letters", "twelve", "across", "quiet"))
    return " ".join(words)


def merged(text: str, name: str) -> str:
    """A name and a number of the reader's own in two places, and a link that tells readers apart."""
    sentences = text.split(". ")
    sentences.insert(1, f"{name}, your reference is {abs(hash(name)) % 10_000}")
    link = f"https://news.elmroad.example/r/{abs(hash(text + name)):x}?utm_source=list"
    return ". ".join(sentences) + f" More at {link} for you, {name}."
