"""People with fields of their own."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class Department(models.Model):
    name = models.CharField(max_length=100)


class Project(models.Model):
    name = models.CharField(max_length=100)


class Member(AbstractUser):
    class Level(models.TextChoices):
        JUNIOR = "junior"
        SENIOR = "senior"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    motto = models.CharField(max_length=200, blank=True)
    employee_number = models.IntegerField(null=True)
    height = models.FloatField(null=True)
    balance = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    newsletter = models.BooleanField(default=False)
    born_on = models.DateField(null=True)
    seen_at = models.DateTimeField(null=True)
    skills = models.JSONField(default=list)
    preferences = models.JSONField(default=dict)
    level = models.CharField(max_length=10, choices=Level, default=Level.JUNIOR)
    badge = models.FileField(upload_to="badges", blank=True)
    device = models.UUIDField(null=True)
    department = models.ForeignKey(Department, null=True, on_delete=models.SET_NULL)
    projects = models.ManyToManyField(Project)
