# SPDX-License-Identifier: Apache-2.0
"""Every scene of tests/scenes/*.scene is one test."""
import pathlib

import pytest

from support.scene import Scene, load

SCRIPTS = [pytest.param(script, id=f"{path.stem}: {script.title}")
           for path in sorted(pathlib.Path(__file__).parent.glob("*.scene")) for script in load(path)]


@pytest.mark.parametrize("script", SCRIPTS)
def test_scene(script, server, private_server):
    Scene(script, server, private_server).play()
