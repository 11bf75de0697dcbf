"""Three pages of the site, and the three addresses of signing in and out."""

from django.urls import path

from signin import views as signin

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("orders/", views.orders, name="orders"),
    path("orders/ship/", views.ship, name="ship"),
    path("sign-in/", signin.sign_in, name="sign_in"),
    path("sign-in/callback/", signin.callback, name="callback"),
    path("sign-out/", signin.sign_out, name="sign_out"),
]
