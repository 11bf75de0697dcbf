"""A shop, with permissions beyond Django's four and a proxy model, which has permissions too."""

from django.db import models


class Product(models.Model):
    name = models.CharField(max_length=100)


class Order(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE)

    class Meta:
        permissions = [
            ("ship_order", "Can ship orders"),
            ("refund_order", "Can give money back (até 100 €)"),
        ]


class LargeOrder(Order):
    class Meta:
        proxy = True
        permissions = [("approve_largeorder", "Can approve a large order")]
