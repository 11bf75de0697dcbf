"""Pages that ask, as on any Django site, what somebody may do."""

from django.contrib.auth.decorators import login_required, permission_required
from django.http import JsonResponse
from django.shortcuts import render


def home(request):
    """Who is signed in, and what they may do."""
    user = request.user
    held = sorted(user.get_all_permissions()) if user.is_authenticated else []
    return render(request, "signin/home.html", {"held": held})


@login_required
def orders(request):
    """Tells what `has_perm()` answers."""
    may = {name: request.user.has_perm(f"shop.{name}") for name in ("view_order", "ship_order")}
    return JsonResponse({"user": request.user.get_username(), "may": may})


@login_required
@permission_required("shop.ship_order", raise_exception=True)
def ship(request):
    """403 to whoever lacks the permission."""
    return JsonResponse({"shipped": True})
