"""What every response of the console says to the browser, and what a request must say to be heard. Pure ASGI.

Promises: no response leaves without the headers; a request for another host than the console's own is answered before
anything looks at it (THREATS.md T69), and one that says twice where it ends is the last of its connection; a POST that
does not come from a page of ours is refused (T63).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: browsers then send "Origin: null" with a form, and it could not be checked (Fetch, 3.2).
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""A response may bring its own Content-Security-Policy, Referrer-Policy and Cache-Control, never leave one out."""

SECRET_PLACES = ("/s/",)
"""Whoever knows an address below these may act: it is told to nobody, our own pages neither (THREATS.md T68)."""
HEADERS_OF_SECRET_PLACES: Mapping[str, str] = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class Shield:
    """Around the whole application. base_url: where the console is, for everybody."""

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self._app = app
        self._hosts = own_hosts(base_url)
        self._elsewhere = PlainTextResponse(f"The console is at {base_url}\n", 421)
        # A web server before us may have believed the length: what follows would be the next request of somebody else.
        self._ambiguous = PlainTextResponse("This request says twice where it ends.\n", 400, {"Connection": "close"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if is_secret_place(scope["path"]):
                    headers.update(HEADERS_OF_SECRET_PLACES)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._answer(Headers(scope=scope))(scope, receive, send_with_headers)

    def _answer(self, headers: Headers) -> ASGIApp:
        if "transfer-encoding" in headers and "content-length" in headers:
            return self._ambiguous
        heard = headers.getlist("host")
        return self._app if len(heard) == 1 and heard[0].lower() in self._hosts else self._elsewhere


def own_hosts(base_url: str) -> frozenset[str]:
    """What a Host field may say: as in the address, and with the port that everybody leaves out."""
    parts = urlsplit(base_url)
    host = parts.netloc.lower()
    usual = {"http": ":80", "https": ":443"}[parts.scheme]
    bare = host.removesuffix(usual)
    return frozenset({host, bare, bare + usual} if bare != host or parts.port is None else {host})


def is_secret_place(path: str) -> bool:
    return path.startswith(SECRET_PLACES)


def is_from_our_page(headers: Headers, base_url: str, path: str = "/") -> bool:
    """Whether a POST comes from a page of the console, as the browser says: every browser of the last years sends
    Origin with a form, and most say Sec-Fetch-Site. What says neither is not heard.

    A page with no-referrer sends "Origin: null" (Fetch, 3.2), as a sandboxed frame elsewhere does: there
    Sec-Fetch-Site has to say that it is our own.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    if headers.get("origin") == "null":
        return is_secret_place(path) and site == "same-origin"
    parts = urlsplit(base_url)
    own = {f"{parts.scheme}://{host}" for host in own_hosts(base_url)}
    return headers.get("origin", "").lower() in own
