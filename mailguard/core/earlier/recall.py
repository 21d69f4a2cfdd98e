"""The shape of a message that wants another one back, corrects it, or apologises for it.

By the words that programs and people use. It is no proof: it counts only for people who got an earlier message.
"""

from __future__ import annotations

import re

_RECALL_SUBJECT = re.compile(
    r"\W{0,5}(?:recall|rückruf|rueckruf|rappel|recuperar|recuperación|richiamo|intrekken|återkalla)"
    r"[ ]{0,2}[:：]",
    re.IGNORECASE,
)
_RECALL_TEXT = re.compile(
    r"would like to recall the message|möchte die nachricht[^.\n]{0,200}zurückrufen|souhaite rappeler le message"
    r"|desea recuperar el mensaje|desidera richiamare il messaggio|wil het bericht[^.\n]{0,200}intrekken",
    re.IGNORECASE,
)
"""What Outlook writes in its recall requests, to whoever is not on the same server."""
_OF_RECALL_TEXT = ("recall the me", "ckrufen", "rappeler le me", "recuperar el me", "amare", "ntrekken")
"""One of these is in whatever that pattern finds: looking for them takes a hundredth of the time. Without i and s,
which a pattern that ignores case also finds in letters (\u0131, \u017f) that lower() leaves as they are.
"""
_NAMES_MAIL = (
    r"(?:e-?mail|message|invit\w*|mailing|newsletter|letter|addresses|list|cc|nachricht|courriel|mensaje|correo)"
)
_CORRECTION = (
    r"(?:correction|corrected|erratum|corrigendum|korrektur|richtigstellung|rectificati[fv]\w*|corrección|correzione)"
)
_CORRECTS = re.compile(
    rf"^\W{{0,5}}{_CORRECTION}\b[ ]{{0,2}}[:：!–-]|\b{_CORRECTION}\b[^.\n]{{0,20}}\b{_NAMES_MAIL}"
    rf"|\b(?:please )?(?:ignore|disregard|delete|destroy)\b[^.\n]{{0,60}}\b(?:previous|earlier|last|my|our|below)\b"
    rf"[^.\n]{{0,40}}\b{_NAMES_MAIL}"
    rf"|\b{_NAMES_MAIL}\b[^.\n]{{0,60}}\b(?:in error|by mistake|wrongly|irrtümlich"
    r"|versehentlich|par erreur|por error)\b"
    r"|\b(?:sorry|apolog\w+|entschuldig\w+|excuses|désolé\w*|disculp\w+|scus\w+)\b"
    rf"(?![^.\n]{{0,60}}\b(?:late|belated|slow|delay\w*|verspätet\w*|späte\w*|retard|tard\w*|ritardo)\b)"
    rf"[^.\n]{{0,120}}\b(?:{_NAMES_MAIL}|breach|confusion|mistake|mix-?up|wrong)\b"
    rf"|\bdelete (?:that|our|my|the (?:earlier|previous|last|first))\b[^.\n]{{0,20}}\b{_NAMES_MAIL}"
    r"|\baddress(?:es)?\b[^.\n]{0,60}\b(?:visible|shown|disclosed|exposed|revealed)\b"
    r"|\b(?:earlier|previous|last|first) (?:e-?mail|message|one)\b[^.\n]{0,60}"
    r"\b(?:broken|wrong|incorrect|mistake|error)\b",
    re.IGNORECASE | re.MULTILINE,
)
"""Whoever is late with a message is sorry too, and takes none back."""
_OF_CORRECTS = (
    *("corre", "errat", "corrig", "korrektur", "richtigstellung", "rectif"),
    *("ignore", "disregard", "delete", "destroy", "error", "mistake", "wrong", "irrt", "versehentlich", "erreur"),
    *("sorry", "apolog", "entschuldig", "excuses", "désolé", "disculp", "scus"),
    *("visible", "shown", "disclosed", "exposed", "revealed", "broken"),
)
"""One of these is in whatever that pattern finds, but for letters that it takes for others."""
_TAKEN_FOR_OTHERS = ("ı", "ſ", "i̇")
_CORRECTED_SUBJECT = re.compile(rf"\b{_CORRECTION}\b", re.IGNORECASE)
_STRAYED = re.compile(
    r"\b(?:if|should|wenn|falls|sollten|si|se)\b[^.!?;]{0,120}\b(?:this|diese[rs]?|cet?|este|questa?|questo)\s+"
    r"(?:e-?mail|message|communication|transmission|nachricht|courriel|mensaje|correo|messaggio)\b"
    r"[^.!?;]{0,60}\b(?:in error|by mistake|irrtümlich|versehentlich|par erreur|por error|per errore)\b",
    re.IGNORECASE,
)
"""What stands under every message of many senders: what to do if it came to somebody whom it was not meant for."""
_LOOKED_AT = 4_000


def is_recall(subject: str, text: str) -> bool:
    """Whether a mail program wrote it to take a message back."""
    looked_at = text[:_LOOKED_AT]
    return bool(_RECALL_SUBJECT.match(subject) or (may_recall(looked_at) and _RECALL_TEXT.search(looked_at)))


def may_recall(text: str) -> bool:
    """False where no line of a text can be what makes a recall of it."""
    lowered = text.lower()
    return any(each in lowered for each in _OF_RECALL_TEXT)


def takes_back(subject: str, text: str) -> bool:
    """Whether it recalls, corrects or apologises, in the words of a program or of a person."""
    if is_recall(subject, text) or _CORRECTED_SUBJECT.search(subject):
        return True
    written = f"{subject}\n{text[:_LOOKED_AT]}"
    return may_correct(written) and bool(_CORRECTS.search(f"{subject}\n{_STRAYED.sub('', text[:_LOOKED_AT])}"))


def may_correct(text: str) -> bool:
    """False where nothing in a text can be what corrects, takes back or apologises: looked for first, as above."""
    lowered = text.lower()
    return any(each in lowered for each in _OF_CORRECTS) or any(each in lowered for each in _TAKEN_FOR_OTHERS)
