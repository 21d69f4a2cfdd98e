"""The console as an ASGI application, built from the table of routes.

INVARIANT: whatever goes wrong is a page with a reference, and no text of ours from inside: the log has the cause.
INVARIANT: pages are rendered in threads; the event loop carries mail and is not theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp

from ..core.errors import AlreadyDecided, PasswordsUnavailable, StoreUnavailable, UnknownReference
from ..core.reference import RANDOM_OCTETS, short_reference
from ..guard.console.sessions import Visitor
from ..guard.console.tokens import is_token, new_token
from ..logs import logger
from . import drafts, words
from .annexe import Annexe
from .answers import Answer, Document, Download, Facts, Page, Redirect, Refused, Stream
from .assets import Asset, read_assets
from .pages import sign_in
from .pages.health import Banner, banners
from .render import Renderer
from .routes import HOME, ROUTES, SECOND_FACTOR, SIGN_IN, Needs, Route
from .security import Shield
from .site import Site
from .visit import Sent, Visit, peer_of, read_form

log = logger("console")
COOKIE, SECURE_COOKIE = "mailguard", "__Host-mailguard"
EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
SAVED_POLICY = "sandbox; default-src 'none'"
"""Of a file that is saved: should a browser show it all the same, nothing in it runs or loads."""
A_YEAR = "public, max-age=31536000, immutable"


def build(site: Site, annexe: Annexe | None = None) -> ASGIApp:
    """The application. annexe: the demo's; a service has none. OSError and jinja2's errors where the installation is
    broken.
    """
    assets = read_assets()
    front = Front(site, Renderer(assets), annexe)
    return Shield(Starlette(routes=_routes(front, assets, annexe)), site.base_url)


def _routes(front: Front, assets: Any, annexe: Annexe | None) -> list[StarletteRoute]:
    table = (*(annexe.routes if annexe else ()), *ROUTES)
    found = [StarletteRoute(route.path, front.serving(route), methods=[route.method]) for route in table]
    found += [StarletteRoute(asset.path, serving(asset), methods=["GET"]) for asset in assets.values()]
    found.append(StarletteRoute("/", front.home, methods=["GET"]))
    found.append(StarletteRoute("/{path:path}", front.nothing_there, methods=EVERY_METHOD))
    return found


def serving(asset: Asset) -> Callable[[Request], Awaitable[Response]]:
    async def serve(_: Request) -> Response:
        return Response(asset.octets, media_type=asset.media_type, headers={"Cache-Control": A_YEAR})

    return serve


class Front:
    """Between requests and pages: cookies, tokens, who may, errors."""

    def __init__(self, site: Site, renderer: Renderer, annexe: Annexe | None = None) -> None:
        self._site = site
        self._annexe = annexe
        self._renderer = renderer
        self._cookie = SECURE_COOKIE if site.secure else COOKIE

    def serving(self, route: Route) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            return await self._answered(request, lambda: self._opened(request, route))

        return serve

    async def home(self, _: Request) -> Response:
        return RedirectResponse(HOME, 303)

    async def nothing_there(self, request: Request) -> Response:
        async def refuse() -> tuple[Visit, Answer]:
            raise Refused(404, words.NOT_FOUND_TITLE, words.NOT_FOUND)

        return await self._answered(request, refuse)

    async def _answered(self, request: Request, open_page: Callable[[], Awaitable[tuple[Visit, Answer]]]) -> Response:
        try:
            visit, answer = await open_page()
            return await self._response(request, visit, answer)
        except Exception as cause:
            return await self.error(request, cause)

    async def _opened(self, request: Request, route: Route) -> tuple[Visit, Answer]:
        came_with = self._token(request)
        visitor = await self._looked(came_with, route) if came_with else None
        sent = Sent()
        if route.method == "POST":
            largest = route.most_octets if visitor is not None and visitor.whole else None
            sent = await read_form(request, self._site, came_with, largest)
        visit = Visit(
            site=self._site,
            token=came_with or new_token(self._site.randomness),
            visitor=visitor,
            path=request.url.path,
            where=dict(request.path_params),
            query=dict(request.query_params),
            form=sent.fields,
            files=sent.files,
            peer=peer_of(request),
            browser=request.headers.get("user-agent", ""),
        )
        return visit, _stopped(route, visit) or await route.view(visit)

    async def _looked(self, token: str, route: Route) -> Visitor | None:
        return await self._site.sessions.look(token, counts=route.counts_as_use)

    def _token(self, request: Request) -> str | None:
        token = request.cookies.get(self._cookie, "")
        return token if is_token(token) else None

    async def _response(self, request: Request, visit: Visit, answer: Answer) -> Response:
        if isinstance(answer, Redirect):
            response: Response = RedirectResponse(answer.to, 303)
            if answer.token is not None:
                self._give(response, answer.token)
            return response
        if isinstance(answer, Document):
            return HTMLResponse(
                answer.html, headers={"Content-Security-Policy": answer.policy, "Referrer-Policy": "no-referrer"}
            )
        if isinstance(answer, Facts):
            return JSONResponse(dict(answer.values))
        if isinstance(answer, Download | Stream):
            saved = {
                "Content-Disposition": f'attachment; filename="{answer.filename}"',
                "Content-Security-Policy": SAVED_POLICY,
            }
            if isinstance(answer, Stream):
                return StreamingResponse(answer.pieces, media_type=answer.media_type, headers=saved)
            return Response(answer.octets, media_type=answer.media_type, headers=saved)
        html = await asyncio.to_thread(self._render, visit, answer, await banners(visit))
        response = HTMLResponse(html, answer.status)
        if self._token(request) is None:
            self._give(response, visit.token)
        return response

    def _give(self, response: Response, token: str) -> None:
        """The browser keeps the token until it is closed; an empty one is taken away."""
        about: dict[str, Any] = {"path": "/", "secure": self._site.secure, "httponly": True, "samesite": "lax"}
        if token:
            response.set_cookie(self._cookie, token, **about)
        else:
            response.delete_cookie(self._cookie, **about)

    def _render(self, visit: Visit | None, page: Page, shown: Sequence[Banner] = ()) -> str:
        whole = visit is not None and visit.visitor is not None and visit.visitor.whole
        frame = {
            "page": page,
            "problems": page.problems,
            "problem": {each.field: each.sentence for each in reversed(page.problems)},
            "annexe": self._annexe.shown(visit) if self._annexe else None,
            "organisation": self._site.organisation,
            "contact": self._site.contact,
            "csrf": visit.csrf if visit else "",
            "path": visit.path if visit else "",
            "signed_in": whole,
            "shortcuts": whole and visit is not None and visit.signed_in.account.shortcuts,
            "admin": whole and visit is not None and visit.signed_in.powers.admin,
            "registers": whole and visit is not None and visit.signed_in.powers.registers,
            "sees_reports": whole and visit is not None and self._site.months.may_see(visit.signed_in.powers),
            "banners": shown,
            "half_signed_in": visit is not None and visit.visitor is not None and not whole,
        }
        return self._renderer.render(page.template, {**frame, **page.model})

    async def error(self, request: Request, cause: Exception) -> Response:
        """An error has no form and no menu: it must be shown also where nobody can be looked up."""
        reference = short_reference(self._site.randomness.octets(RANDOM_OCTETS))
        refused = _explained(cause)
        if refused.status >= 500:
            log.error("console_failed", ref=reference, status=refused.status, cause=cause)
        page = Page(
            "error.html",
            refused.title,
            {
                "sentences": [each.replace("{reference}", reference) for each in refused.sentences],
                "reference": None if any("{reference}" in each for each in refused.sentences) else reference,
            },
            refused.status,
        )
        headers = {"Retry-After": str(refused.retry_after)} if refused.retry_after is not None else None
        return HTMLResponse(await asyncio.to_thread(self._render, None, page), refused.status, headers)


def _stopped(route: Route, visit: Visit) -> Answer | None:
    """Where to go instead, for who may not open this page now."""
    if route.needs is Needs.ANYBODY:
        return None
    if visit.visitor is None:
        if route.method == "POST" and (draft := drafts.typed_by(visit)) is not None:
            return sign_in.again(visit, draft)
        to = visit.path if route.method == "GET" else ""
        query = f"&to={_quoted(to)}" if to and to != HOME else ""
        return Redirect(f"{SIGN_IN}?why=first{query}")
    if visit.visitor.whole is (route.needs is Needs.WHOLE):
        return None
    return Redirect(HOME if visit.visitor.whole else SECOND_FACTOR)


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(path, safe="/")


def _explained(cause: Exception) -> Refused:
    """What may be said of it. Everything that is not known is an error of ours."""
    if isinstance(cause, Refused):
        return cause
    if isinstance(cause, UnknownReference):
        return Refused(404, words.NOT_FOUND_TITLE, words.NOT_FOUND)
    if isinstance(cause, AlreadyDecided):
        return Refused(409, words.CONFLICT_TITLE, words.CONFLICT)
    if isinstance(cause, StoreUnavailable | PasswordsUnavailable):
        return Refused(503, words.UNAVAILABLE_TITLE, words.UNAVAILABLE)
    if isinstance(cause, HTTPException):
        return Refused(cause.status_code, words.UNUSABLE_TITLE, words.UNUSABLE)
    return Refused(500, words.FAILED_TITLE, words.FAILED)
