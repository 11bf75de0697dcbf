"""Who is there: one person for each hasher, and one for each thing that an importer could get wrong."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Person:
    name: str
    password: str | None = None
    hasher: str = "pbkdf2_sha256"
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    active: bool = True
    staff: bool = False
    superuser: bool = False
    signed_in: bool = False
    groups: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    #: (address, verified, primary), as django-allauth keeps them.
    addresses: tuple[tuple[str, bool, bool], ...] = ()
    #: (provider, uid)
    social_accounts: tuple[tuple[str, str], ...] = ()
    #: Fields of the custom model; what is not named here has the model's default.
    extra: dict = field(default_factory=dict)


GROUPS = {
    "clerks": ("shop.add_order", "shop.view_order", "shop.view_product"),
    "Shipping & Handling": ("shop.ship_order", "shop.view_order"),
    "Bibliothèque": ("library.add_book", "library.change_book", "library.view_book", "library.ship_order"),
    "managers": ("shop.refund_order", "shop.approve_largeorder", "shop.change_order", "library.add_loan"),
    "nobody has anything here": (),
}

PEOPLE = [
    Person("pia", "pia walks 7 dogs", "pbkdf2_sha256", "pia@example.com", "Pia", "Lind", groups=("clerks",),
           extra={"employee_number": 7, "motto": "Festina lente", "newsletter": True, "born_on": "1987-04-03"}),
    Person("sasha", "sasha walks 7 dogs", "pbkdf2_sha1", "sasha@example.com", groups=("clerks", "managers"),
           extra={"skills": ["rust", "german"], "level": "senior", "height": 1.75}),
    Person("arno", "arno walks 7 dogs", "argon2", "arno@example.com", permissions=("shop.view_order",),
           extra={"department": "Sales", "projects": ["Harbour", "Bridge"], "balance": "12.25"}),
    Person("bcs", "bcs walks 7 dogs " + "long " * 20, "bcrypt_sha256", groups=("Bibliothèque",), signed_in=True),
    Person("bcrypt", "bcrypt walks 7 dogs", "bcrypt", permissions=("library.ship_order", "shop.ship_order")),
    Person("scrypt", "scrypt walks 7 dogs", "scrypt", groups=("Shipping & Handling",),
           extra={"seen_at": "2024-02-29T23:59:58.123000+00:00", "device": "0e4c5f1a-7a3f-4c43-9f7b-1a2b3c4d5e6f"}),
    Person("md5", "md5 walks 7 dogs", "md5", "md5@example.com"),
    Person("unusable", None, "unusable", "unusable@example.com", groups=("clerks",),
           social_accounts=(("google", "112233445566778899000"),)),
    Person("blank", " begins and ends with blanks ", "argon2"),
    Person("señora.nuñez", "contraseña 密码 🔑", "pbkdf2_sha256", "nuñez@example.com", "María José", "Núñez",
           groups=("Bibliothèque", "clerks"), extra={"motto": "«¡Olé!» \" ' \\ 🎉", "badge": "badges/maría.png"}),
    Person("иван", "иван walks 7 dogs", "scrypt", "ivan@example.com", "Иван", "Петров"),
    Person("left", "left walks 7 dogs", "pbkdf2_sha256", "left@example.com", active=False, signed_in=True,
           groups=("managers",), permissions=("shop.delete_order",)),
    Person("desk", "desk walks 7 dogs", "pbkdf2_sha256", "desk@example.com", staff=True, groups=("managers",)),
    Person("root", "root walks 7 dogs", "argon2", "root@example.com", staff=True, superuser=True, signed_in=True),
    Person("exroot", "exroot walks 7 dogs", "argon2", "exroot@example.com", active=False, superuser=True),
    Person("twin1", "twin1 walks 7 dogs", "pbkdf2_sha256", "Twins@example.com",
           addresses=(("twins@example.com", True, True),)),
    Person("twin2", "twin2 walks 7 dogs", "pbkdf2_sha256", "twins@example.com", groups=("clerks",)),
    Person("club1", "club1 walks 7 dogs", "pbkdf2_sha256", "club@example.com"),
    Person("club2", "club2 walks 7 dogs", "pbkdf2_sha256", "club@example.com"),
    Person("many", "many walks 7 dogs", "pbkdf2_sha256", "many@example.com",
           addresses=(("many@example.com", True, True), ("many@work.example", True, False),
                      ("many@old.example", False, False)),
           social_accounts=(("github", "4711"), ("google", "998877"))),
    Person("own@example.com", "own walks 7 dogs", "argon2", "own@example.com",
           addresses=(("own@example.com", False, True),)),
    Person("alone@example.com", "alone walks 7 dogs", "pbkdf2_sha256"),
    Person("other@example.com", "other walks 7 dogs", "pbkdf2_sha256", "private@example.com"),
]

APPLICATIONS = [
    dict(client_id="web-hashed", client_secret="a secret that is hashed", name="Web shop", user="root",
         client_type="confidential", authorization_grant_type="authorization-code", algorithm="RS256",
         redirect_uris="https://shop.example/callback https://shop.example/other",
         post_logout_redirect_uris="https://shop.example/goodbye", allowed_origins="https://shop.example"),
    dict(client_id="web-plain", client_secret="a secret in plain text", name="Old shop", hash_client_secret=False,
         client_type="confidential", authorization_grant_type="authorization-code", algorithm="HS256",
         redirect_uris="https://old.example/callback", skip_authorization=True),
    dict(client_id="phone", client_secret="of no use", name="", client_type="public",
         authorization_grant_type="authorization-code", redirect_uris="com.example.phone:/callback"),
    dict(client_id="robot", client_secret="the robot's secret", name="Nightly robot", client_type="confidential",
         authorization_grant_type="client-credentials", redirect_uris=""),
    dict(client_id="television", client_secret="of no use", name="Television", client_type="public",
         authorization_grant_type="urn:ietf:params:oauth:grant-type:device_code", redirect_uris=""),
]

# Each with what the access token said that was given with it; None where that was cleared away.
REFRESH_TOKENS = [
    dict(token="the shop comes back for sasha", user="sasha", application="web-hashed", scope="openid email orders"),
    dict(token="the television comes back for sasha", user="sasha", application="television", scope="openid profile"),
    dict(token="revoked by sasha", user="sasha", application="web-hashed", scope="openid", revoked=True),
    dict(token="nobody knows for what", user="sasha", application="web-plain", scope=None),
]
