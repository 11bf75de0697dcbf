"""What Vestibule told of each user."""

from django.conf import settings
from django.db import models


class Identity(models.Model):
    """Ties a local user to a person there. The issuer and `sub` together never change and never pass to another person;
    names and addresses may."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="vestibule")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    permissions = models.JSONField(default=list)
    groups = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_user_a_person")]
