"""Builds a small but whole Django site, for the tests of `vestibule import django`.

`__main__` is the way in, `settings` the three configurations, `members`, `patrons`, `shop` and `library` the site's apps,
`fill` what is put into them, `expected` what Django says of it, `build` the order of it all.
"""
