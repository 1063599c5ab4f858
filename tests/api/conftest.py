"""Tests that ask for `api` or `world` run on wasmdialect and on wasmtime-py."""

from __future__ import annotations

from typing import Any

import pytest
import wasmtime
from api.world import World

import wasmdialect


@pytest.fixture(params=["wasmdialect", "wasmtime"])
def api(request: pytest.FixtureRequest) -> Any:
    return {"wasmdialect": wasmdialect, "wasmtime": wasmtime}[request.param]


@pytest.fixture
def world(api: Any) -> World:
    return World(api)
