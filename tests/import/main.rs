//! The way over from Django: sites that Django itself has built come by `vestibule import django`, and whoever was there goes on
//! as before.
//!
//! `VESTIBULE_TEST_DJANGO` names the folder that `tests/django` was built into, `VESTIBULE_TEST_DJANGO_PYTHON` a Python with
//! Django; `cargo xtask test` brings both. The same Python has Authlib, whose test stands here so that one more program need not be
//! linked.

mod applications;
mod authlib;
mod command;
mod example;
mod people;
mod site;
mod twice;
