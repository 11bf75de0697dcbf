"""People without usernames."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models


class PatronManager(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        patron = self.model(email=self.normalize_email(email), **fields)
        patron.set_password(password)
        patron.save(using=self._db)
        return patron


class Patron(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=200, blank=True)
    card = models.PositiveIntegerField(null=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)

    objects = PatronManager()

    USERNAME_FIELD = "email"

    class Meta:
        db_table = "library_patrons"
