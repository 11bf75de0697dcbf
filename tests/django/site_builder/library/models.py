"""A library: one model with a permission that has the same name as another app's, one with fewer than Django's four."""

from django.db import models


class Book(models.Model):
    title = models.CharField(max_length=100)

    class Meta:
        permissions = [("ship_order", "Can order a book from elsewhere")]


class Loan(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE)

    class Meta:
        default_permissions = ("add", "view")
