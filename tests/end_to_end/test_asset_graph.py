"""The asset graph of a real Airflow, looked at in a real browser: the map along which an image travels."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from phased import FIRST, SECOND, THIRD
from playwright.sync_api import Page, sync_playwright
from staged import Staged

from fleetwright_demo.layout import RUN_FOLDER

PICTURE = RUN_FOLDER / "asset-graph.png"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_NODE, _EDGE = ".react-flow__node", ".react-flow__edge"
_PATIENCE_MILLISECONDS = 60_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """One node of the graph as it is drawn: an asset and the DAG of the same name are two."""

    name: str
    is_asset: bool
    left: float


@pytest.fixture
def page() -> Iterator[Page]:
    """A page in a browser of this machine."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser is installed: one of {', '.join(_BROWSERS)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1900, "height": 900})
        browser.close()


def drawn_nodes(page: Page) -> tuple[Drawn, ...]:
    """Every node, from left to right."""
    nodes = []
    for node in page.query_selector_all(_NODE):
        box, node_id = node.bounding_box(), node.get_attribute("data-id") or ""
        assert box is not None
        nodes.append(Drawn(node.inner_text().split("\n")[0].strip(), node_id.startswith("asset:"), box["x"]))
    return tuple(sorted(nodes, key=lambda found: found.left))


def test_asset_graph_shows_the_way_from_image_to_last_phase(staged: Staged, page: Page) -> None:
    """Airflow draws image -> phase 0 -> phase 1 -> phase 2, each behind the one before it (R45)."""
    labels = (FIRST, SECOND, THIRD)

    page.goto(staged.asset_page("os_image"))
    page.wait_for_selector(_NODE, timeout=_PATIENCE_MILLISECONDS)
    page.wait_for_function(
        f"document.querySelectorAll('{_NODE}').length > {2 * len(labels)}", timeout=_PATIENCE_MILLISECONDS
    )
    PICTURE.parent.mkdir(exist_ok=True)
    page.screenshot(path=PICTURE)

    place = {(node.name, node.is_asset): node.left for node in drawn_nodes(page)}
    way = [("image_watch", False), ("os_image", True)]
    way += [stop for label in labels for stop in ((label, False), (label, True))]
    assert set(way) <= set(place)
    assert all(place[one] < place[other] for one, other in pairwise(way))
    assert len(page.query_selector_all(_EDGE)) >= len(way) - 1
    assert_is_picture(PICTURE)


def assert_is_picture(path: Path) -> None:
    """A PNG of some size: an empty page would be a few kilobytes."""
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 20_000
