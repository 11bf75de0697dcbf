"""The site serves nothing: only its data are of interest."""

urlpatterns = []
