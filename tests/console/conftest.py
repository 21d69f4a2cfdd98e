"""The console's fixtures: a house, its site, a browser that nobody is signed in at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from mailguard.console.site import Site
from tests.console.house import browser_on, site_on
from tests.guard.console.house import House, close_house, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await open_house(tmp_path, teams=("elm", "park"))
    yield opened
    await close_house(opened)


@pytest.fixture
def site(house: House) -> Site:
    return site_on(house)


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with browser_on(site) as opened:
        yield opened
