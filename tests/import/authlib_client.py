"""An application on Authlib, for tests/import/authlib.rs: a line of JSON comes in, a line of JSON goes out, and so on.

It says which keys it has, hears who it is, says where the browser is to be sent, hears where the browser came back, and tells
what it was given: everything by way of Authlib, which also verifies it.
"""

import json
import secrets
import sys

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet


def say(something):
    print(json.dumps(something), flush=True)


def hear():
    return json.loads(sys.stdin.readline())


def session_of(told, server, key):
    method = told["method"]
    session = OAuth2Session(
        told["client_id"],
        key if method == "private_key_jwt" else told["client_secret"],
        scope="openid profile email",
        redirect_uri=told["redirect_uri"],
        code_challenge_method="S256",
        token_endpoint_auth_method=method,
    )
    session.trust_env = False
    endpoint = server["token_endpoint"]
    session.register_client_auth_method(PrivateKeyJWT(endpoint, headers={"kid": key.kid}, alg="ES256"))
    session.register_client_auth_method(ClientSecretJWT(endpoint))
    return session


def validated(id_token, server, told, nonce, access_token):
    """The claims of an ID token, signed by a published key, and held against all that Authlib knows of."""
    with requests.Session() as plain:
        plain.trust_env = False
        keys = KeySet.import_key_set(plain.get(server["jwks_uri"], timeout=20).json())
    token = jwt.decode(id_token, keys, algorithms=[told["alg"]])
    options = {"iss": {"essential": True, "value": server["issuer"]}, "aud": {"essential": True, "value": told["client_id"]}}
    params = {"nonce": nonce, "client_id": told["client_id"], "access_token": access_token}
    claims = CodeIDToken(token.claims, token.header, options, params)
    claims.validate()
    return dict(claims)


def main():
    key = ECKey.generate_key("P-256", auto_kid=True)
    say({"keys": [{**key.as_dict(private=False), "use": "sig", "alg": "ES256"}]})
    told = hear()
    with requests.Session() as plain:
        plain.trust_env = False
        server = plain.get(told["issuer"] + "/.well-known/openid-configuration", timeout=20).json()
    session = session_of(told, server, key)
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    address, state = session.create_authorization_url(server["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    say({"address": address})

    callback = hear()["callback"]
    token = session.fetch_token(
        server["token_endpoint"], authorization_response=callback, code_verifier=verifier, state=state
    )
    claims = validated(token["id_token"], server, told, nonce, token["access_token"])
    person = session.get(server["userinfo_endpoint"], timeout=20).json()
    first = dict(token)
    renewed = session.refresh_token(server["token_endpoint"])
    again = session.get(server["userinfo_endpoint"], timeout=20).json()
    try:
        session.fetch_token(server["token_endpoint"], authorization_response=callback, code_verifier=verifier, state=state)
        replayed = None
    except OAuthError as error:
        replayed = error.error
    say({
        "id_token": claims,
        "userinfo": [person, again],
        "renewed": renewed["access_token"] != first["access_token"] and renewed["refresh_token"] != first["refresh_token"],
        "replayed": replayed,
    })


main()
