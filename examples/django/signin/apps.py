"""The app's settings."""

from django.apps import AppConfig


class SignIn(AppConfig):
    name = "signin"
    default_auto_field = "django.db.models.BigAutoField"
