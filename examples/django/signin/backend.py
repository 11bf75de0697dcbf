"""The authentication backend: users are made from claims, and `has_perm()` answers from them."""

from uuid import NAMESPACE_URL, uuid5

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend
from django.db import transaction

from .models import Identity


class VestibuleBackend(BaseBackend):
    def authenticate(self, request, vestibule_issuer=None, vestibule_claims=None):
        """Finds the user, or makes one, and remembers what they may do from now on."""
        if not vestibule_issuer or not vestibule_claims:
            return None
        known = {"issuer": vestibule_issuer, "subject": vestibule_claims["sub"]}
        with transaction.atomic():
            identity = Identity.objects.select_related("user").filter(**known).first()
            if identity is None:
                # A user without a password: there is no other way in. The username is for nobody to type.
                name = uuid5(NAMESPACE_URL, f"{vestibule_issuer}#{vestibule_claims['sub']}")
                user = get_user_model().objects.create_user(username=str(name))
                identity = Identity(user=user, **known)
            identity.permissions = _texts(vestibule_claims.get("permissions"))
            identity.groups = _texts(vestibule_claims.get("groups"))
            identity.save()
            user = identity.user
            user.first_name = vestibule_claims.get("given_name", "")[:150]
            user.last_name = vestibule_claims.get("family_name", "")[:150]
            user.email = vestibule_claims.get("email", "")[:254]
            user.save()
        return user if user.is_active else None

    def get_user(self, user_id):
        user = get_user_model().objects.select_related("vestibule").filter(pk=user_id).first()
        return user if user is not None and user.is_active else None

    def get_all_permissions(self, user_obj, obj=None):
        """What `has_perm()` looks into. Permissions on single objects are none of the claim."""
        identity = getattr(user_obj, "vestibule", None)
        if identity is None or not user_obj.is_active or obj is not None:
            return set()
        return set(identity.permissions)

    def has_module_perms(self, user_obj, app_label):
        """Whether somebody may do anything at all in an app."""
        return any(name.startswith(f"{app_label}.") for name in self.get_all_permissions(user_obj))


def _texts(claim):
    """A claim that should be a list of texts; nothing at all where it is anything else."""
    return [item for item in claim if isinstance(item, str)] if isinstance(claim, list) else []
