"""What all tests share: hypothesis does not time examples, as machines are shared and noisy, and takes
the same ones in CI."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("wasmdialect", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("wasmdialect")
