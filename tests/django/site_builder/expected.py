"""What Django itself says of the site: who may do what, and with which secrets."""

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.models import Group, Permission

from .fill import login
from .fill.people import APPLICATIONS, PEOPLE


def expected():
    """As `expected.json` holds it; what the users are told by is what they type to sign in."""
    model = get_user_model()
    users = {}
    for person in PEOPLE:
        user = model.objects.get_by_natural_key(login(person))
        users[login(person)] = {
            "pk": str(user.pk),
            "password": person.password,
            "hasher": identify_hasher(user.password).algorithm if user.has_usable_password() else None,
            "email": user.email,
            "active": user.is_active,
            "staff": user.is_staff,
            "superuser": user.is_superuser,
            "groups": sorted(user.groups.values_list("name", flat=True)),
            "permissions": sorted(user.get_all_permissions()),
        }
    everything = Permission.objects.select_related("content_type")
    return {
        "users": users,
        "groups": {
            group.name: sorted(f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.all())
            for group in Group.objects.all()
        },
        "permissions": sorted({f"{p.content_type.app_label}.{p.codename}" for p in everything}),
        "applications": {
            application["client_id"]: {"secret": application["client_secret"], "type": application["client_type"]}
            for application in APPLICATIONS
        },
    }
