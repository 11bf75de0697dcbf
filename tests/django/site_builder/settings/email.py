"""A user model without usernames, on `AbstractBaseUser`: people sign in with their e-mail address."""

from .base import *  # noqa: F403
from .base import COMMON_APPS

INSTALLED_APPS = [*COMMON_APPS, "site_builder.patrons"]
AUTH_USER_MODEL = "patrons.Patron"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
