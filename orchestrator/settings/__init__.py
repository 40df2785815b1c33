"""What a person may set: one YAML file and the environment in, one frozen `Settings` out.

`model.py` and `sections.py` say what there is, with its defaults; `file.py` reads it; `render.py` writes it, commented.
"""

from orchestrator.settings.file import InvalidSettings, load, read
from orchestrator.settings.model import Repository, Settings
from orchestrator.settings.render import init, render
from orchestrator.settings.sections import ForwardedHook
from orchestrator.settings.served import served
from orchestrator.settings_file import find

__all__ = [
    "ForwardedHook",
    "InvalidSettings",
    "Repository",
    "Settings",
    "find",
    "init",
    "load",
    "read",
    "render",
    "served",
]
