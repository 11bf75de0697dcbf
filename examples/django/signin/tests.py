"""`manage.py test`: what the backend makes of claims; nothing here needs a provider."""

from django.contrib import auth
from django.test import TestCase

ISSUER = "https://id.example"


def sign_in(issuer=ISSUER, **claims):
    return auth.authenticate(None, vestibule_issuer=issuer, vestibule_claims={"sub": "1", **claims})


class Backend(TestCase):
    def test_has_perm_answers_from_the_claim(self):
        user = sign_in(permissions=["shop.view_order"], groups=["clerks"])
        self.assertTrue(user.has_perm("shop.view_order"))
        self.assertFalse(user.has_perm("shop.ship_order"))
        self.assertTrue(user.has_module_perms("shop"))
        self.assertFalse(user.has_module_perms("sho"))
        self.assertEqual(user.vestibule.groups, ["clerks"])

    def test_what_is_taken_away_there_is_gone_at_the_next_sign_in(self):
        first = sign_in(permissions=["shop.view_order"])
        again = sign_in(permissions=[])
        self.assertEqual(first.pk, again.pk)
        self.assertFalse(again.has_perm("shop.view_order"))

    def test_whoever_is_inactive_here_stays_out(self):
        user = sign_in(permissions=["shop.view_order"])
        user.is_active = False
        user.save()
        self.assertFalse(user.has_perm("shop.view_order"))
        self.assertIsNone(sign_in(permissions=["shop.view_order"]))

    def test_a_claim_that_is_no_list_grants_nothing(self):
        for claim in ("shop.view_order", {"shop.view_order": 1}, None, [["shop.view_order"]]):
            self.assertEqual(sign_in(permissions=claim).get_all_permissions(), set())

    def test_there_is_no_other_way_in(self):
        user = sign_in()
        self.assertFalse(user.has_usable_password())
        self.assertIsNone(auth.authenticate(None, username=user.username, password=""))

    def test_another_issuers_person_is_another_user(self):
        self.assertNotEqual(sign_in().pk, sign_in(issuer="https://other.example").pk)
        self.assertIsNone(auth.authenticate(None, vestibule_claims={"sub": "1"}), "nobody's person is nobody")
