"""Django's own user model."""

from .base import *  # noqa: F403
from .base import COMMON_APPS

INSTALLED_APPS = COMMON_APPS
