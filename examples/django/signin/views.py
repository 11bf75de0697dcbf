"""Signing in and out, by OpenID Connect: Authlib finds the endpoints, makes `state`, `nonce` and PKCE, and checks the ID token."""

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.contrib import auth
from django.http import HttpResponseBadRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

oauth = OAuth()
oauth.register(
    "vestibule",
    client_id=settings.VESTIBULE_CLIENT_ID,
    client_secret=settings.VESTIBULE_CLIENT_SECRET,
    server_metadata_url=f"{settings.VESTIBULE_ISSUER}/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile email groups permissions", "code_challenge_method": "S256"},
)


def sign_in(request):
    """Sends the browser to Vestibule."""
    request.session["next"] = request.GET.get("next", "")
    return oauth.vestibule.authorize_redirect(request, request.build_absolute_uri(reverse("callback")))


def callback(request):
    """The browser comes back with a code, which is redeemed for tokens, and these for claims."""
    try:
        token = oauth.vestibule.authorize_access_token(request)
    except OAuthError as error:
        return HttpResponseBadRequest(f"Signing in failed: {error.error}", content_type="text/plain")
    claims = oauth.vestibule.userinfo(token=token)
    if claims.get("sub") != token["userinfo"]["sub"]:
        # OpenID Connect Core 5.3.2: what is told of another person must not be used.
        return HttpResponseBadRequest("Signing in failed.", content_type="text/plain")
    user = auth.authenticate(request, vestibule_issuer=settings.VESTIBULE_ISSUER, vestibule_claims=dict(claims))
    if user is None:
        return HttpResponseBadRequest("This user may not sign in here.", content_type="text/plain")
    wanted = request.session.pop("next", "")
    auth.login(request, user)
    request.session["id_token"] = token["id_token"]
    own = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return redirect(wanted if own else "home")


@require_POST
def sign_out(request):
    """Ends the session here, and then the one at Vestibule."""
    id_token = request.session.get("id_token")
    auth.logout(request)
    if id_token is None:
        return redirect("home")
    home = request.build_absolute_uri(reverse("home"))
    return oauth.vestibule.logout_redirect(request, post_logout_redirect_uri=home, id_token_hint=id_token)
