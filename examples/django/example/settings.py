"""A small site whose people sign in through Vestibule. What differs from place to place comes from the environment."""

import os
from pathlib import Path
from secrets import token_urlsafe

FOLDER = Path(__file__).parent.parent

VESTIBULE_ISSUER = os.environ.get("VESTIBULE_ISSUER", "http://localhost:8080").rstrip("/")
VESTIBULE_CLIENT_ID = os.environ.get("VESTIBULE_CLIENT_ID", "")
VESTIBULE_CLIENT_SECRET = os.environ.get("VESTIBULE_CLIENT_SECRET", "")

# Without a key of its own the site forgets its sessions when it starts again.
SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY") or token_urlsafe(50)
DEBUG = os.environ.get("DJANGO_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("DJANGO_ALLOWED_HOSTS", "localhost,127.0.0.1").split(",")
ROOT_URLCONF = "example.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "signin",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.contrib.auth.context_processors.auth"]},
    }
]

# The one way in. Beside it, `django.contrib.auth.backends.ModelBackend` would let local passwords and permissions count too.
AUTHENTICATION_BACKENDS = ["signin.backend.VestibuleBackend"]
LOGIN_URL = "sign_in"

# What somebody may do is as old as their session, so a session does not live long.
SESSION_COOKIE_AGE = 60 * 60
SESSION_COOKIE_SECURE = os.environ.get("DJANGO_HTTPS") == "1"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DJANGO_DATABASE", FOLDER / "db.sqlite3"),
    }
}
