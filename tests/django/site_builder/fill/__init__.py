"""Fills the site's database; the same way each time, except for the salts of the hashes."""

import datetime
import uuid

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from oauth2_provider.models import AccessToken, Application, RefreshToken

from .people import APPLICATIONS, GROUPS, PEOPLE, REFRESH_TOKENS

JOINED = datetime.datetime(2020, 1, 31, 8, 30, 15, 250000, tzinfo=datetime.timezone.utc)
SIGNED_IN = datetime.datetime(2025, 6, 15, 22, 5, 0, 7000, tzinfo=datetime.timezone.utc)


def fill():
    """Groups first, then people, then what belongs to them."""
    for name, permissions in GROUPS.items():
        Group.objects.create(name=name).permissions.set(_permissions(permissions))
    users = {person.name: _create(person, number) for number, person in enumerate(PEOPLE)}
    for application in APPLICATIONS:
        owner = application.get("user")
        Application.objects.create(**{**application, "user": users[owner] if owner else None})
    for token in REFRESH_TOKENS:
        _refresh_token(users[token["user"]], token)


def _refresh_token(user, token):
    application = Application.objects.get(client_id=token["application"])
    access = None
    if token["scope"] is not None:
        access = AccessToken.objects.create(user=user, application=application, scope=token["scope"],
                                            token=f"access by {token['token']}", expires=SIGNED_IN)
    RefreshToken.objects.create(user=user, application=application, token=token["token"], access_token=access,
                                revoked=SIGNED_IN if token.get("revoked") else None)


def login(person):
    """What this person types to sign in: in the configuration without usernames everybody has an address."""
    if get_user_model().USERNAME_FIELD == "username":
        return person.name
    return person.email if "@" in person.email and not _is_shared(person) else f"{_plain(person)}@people.example"


def _create(person, number):
    model = get_user_model()
    fields = {
        "password": make_password(person.password, hasher="default" if person.password is None else person.hasher),
        "is_active": person.active,
        "is_staff": person.staff,
        "is_superuser": person.superuser,
        "last_login": SIGNED_IN if person.signed_in else None,
    }
    if model.USERNAME_FIELD == "username":
        fields |= {"username": person.name, "email": person.email, "first_name": person.first_name,
                   "last_name": person.last_name, "date_joined": JOINED + datetime.timedelta(days=number)}
    else:
        fields |= {"email": login(person), "full_name": f"{person.first_name} {person.last_name}".strip(),
                   "card": person.extra.get("employee_number")}
    many = {}
    if model._meta.label == "members.Member":
        extra = _extra(person, number)
        many["projects"] = extra.pop("projects", [])
        fields |= extra
    user = model.objects.create(**fields)
    user.groups.set(Group.objects.filter(name__in=person.groups))
    user.user_permissions.set(_permissions(person.permissions))
    for name, values in many.items():
        getattr(user, name).set(values)
    for address, verified, primary in person.addresses:
        EmailAddress.objects.create(user=user, email=address, verified=verified, primary=primary)
    for provider, uid in person.social_accounts:
        SocialAccount.objects.create(user=user, provider=provider, uid=uid, extra_data={"name": person.name, "n": 1})
    return user


def _extra(person, number):
    from site_builder.members.models import Department, Project

    extra = {"id": uuid.uuid5(uuid.NAMESPACE_DNS, f"{number}.people.example"), **person.extra}
    if "department" in extra:
        extra["department"], _ = Department.objects.get_or_create(name=extra["department"])
    extra["projects"] = [Project.objects.get_or_create(name=name)[0] for name in extra.get("projects", ())]
    return extra


def _permissions(names):
    found = [Permission.objects.get(content_type__app_label=app, codename=codename)
             for app, codename in (name.split(".") for name in names)]
    return found


def _is_shared(person):
    return sum(other.email.lower() == person.email.lower() for other in PEOPLE) > 1


def _plain(person):
    return person.name.split("@")[0]
