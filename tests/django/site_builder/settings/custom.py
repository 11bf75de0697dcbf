"""A user model with a UUID for its key and fields of its own, on Django's `AbstractUser`."""

from .base import *  # noqa: F403
from .base import COMMON_APPS

INSTALLED_APPS = [*COMMON_APPS, "site_builder.members"]
AUTH_USER_MODEL = "members.Member"
