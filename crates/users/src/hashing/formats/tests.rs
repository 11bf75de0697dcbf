//! Hashes that Django 5.2, passlib, bcrypt and crypt(3) made, and what is wrong with others.

use argon2::Params;
use proptest::prelude::*;

use super::*;
use crate::hashing::memory::Memory;

/// What every hash below was made of; the é is two bytes.
const PASSWORD: &str = "correct horse é battery";

const GENUINE: [(&str, &str); 28] = [
    (
        "argon2",
        "argon2$argon2id$v=19$m=64,t=2,p=8$cktQWDhKd2pjVTNzVVQ2V0pPcjlReA$KLB9pZ0qhjBe6QXklgz/N/7667AQvcEcziyBnDGAlVM",
    ),
    (
        "argon2id",
        "$argon2id$v=19$m=64,t=2,p=8$cktQWDhKd2pjVTNzVVQ2V0pPcjlReA$KLB9pZ0qhjBe6QXklgz/N/7667AQvcEcziyBnDGAlVM",
    ),
    (
        "scrypt",
        "scrypt$16$salty$8$5$rqZGeSEpfay+tBL6xkF1zKOr/WBwcGEf6PQ+fXPoI+9ycom9Z+VUrxmUGZq9pKXdQh2jbzczXWwSEnHSkxoTTQ==",
    ),
    ("scrypt", "$scrypt$ln=4,r=8,p=1$7H1v7V2r1frfm1MqhbA2Zg$gmP6FHgR++MQXFkexrw5tojVn1Wt3FzrHfaWIJHMtZI"),
    ("pbkdf2_sha256", "pbkdf2_sha256$1000$salty$fJd+vmWfRyeldoUoVNAS9Rji5NKVQBTJ03N61w4mz0I="),
    ("pbkdf2_sha1", "pbkdf2_sha1$1000$salty$+pWlrGgb+D8MltzR1I7hawB424E="),
    ("pbkdf2-sha256", "$pbkdf2-sha256$i=1000,l=32$AAECAwQFBgcICQoLDA0ODw$0t/cSWZchzbPa5utDOnEh5/0lX0kNcpUC+2liw4VTpg"),
    ("pbkdf2-sha256", "$pbkdf2-sha256$1000$896bs/beWwuhVGoNIQQAgA$5q6vg5BlO6MgW3qZybXBl2u0nyowML6RVyj3bX309jE"),
    (
        "pbkdf2-sha512",
        "$pbkdf2-sha512$1000$9z6nlHJOKSUEQOh9D6H0ng$adWxnyW.XmFwOaADPoEnnnwWKWoyRpXdueifWRok8eNTaDwE74CDTKnhWIGLbRT84GengZS2d.hfMw1vbuvmew",
    ),
    ("pbkdf2-sha1", "$pbkdf2$1000$gTDGuDfmfC/l/N8bA6B0Dg$FNH2eTu6YhV8NpDMmi3r8CfhvR4"),
    (
        "keycloak_pbkdf2_sha256",
        "keycloak$pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw==$0t/cSWZchzbPa5utDOnEh5/0lX0kNcpUC+2liw4VTphHAilpxV4SDYD9Xqnu7QdgyWbZNitMDjbItIFq/45DOA==",
    ),
    (
        "keycloak_pbkdf2_sha512",
        "keycloak$pbkdf2-sha512$1000$AAECAwQFBgcICQoLDA0ODw==$ZA+lbQ2P3q8yy07rWil1RHThhyDY6R7LB5x2zxaL6EbY5i+VOUnNmgfq0iLwJrjb2HiwvBkzUrGONJYg9Mrs+A==",
    ),
    ("bcrypt", "$2a$04$UIgBnfieg9TUQoRlarTLgeRbyJ6DWKXKiF.OkCJp5/4IA8ePJT.3O"),
    ("bcrypt", "$2b$04$EkaYcptwJVd1WtNNi6laTe3P.bEtE2S40VB3crPlSqXSPLboon4SK"),
    ("bcrypt", "$2y$04$EkaYcptwJVd1WtNNi6laTe3P.bEtE2S40VB3crPlSqXSPLboon4SK"),
    ("bcrypt", "$2x$04$EkaYcptwJVd1WtNNi6laTe6GaBOOg92.kCi/XFjcrP5f8LjjrYHgG"),
    ("bcrypt", "bcrypt$$2b$04$8EK8D.AESMYJwDot188uKOHhQO/aXpuFCKbbqf2jnw278szQU8lpe"),
    ("bcrypt_sha256", "bcrypt_sha256$$2b$04$bwef/uVo48WoAlhkqVs9P.QKstKcW21qs6y48EeImWsRKgvPKgQgS"),
    ("ssha", "{SSHA}qw6VUs3FWeW0RllVCxOhBczdAQr6P8dY"),
    ("ssha", "{ssha}qw6VUs3FWeW0RllVCxOhBczdAQr6P8dY"),
    ("ssha256", "{SSHA256}fKVYoBjNKy/uH7h0KxY9gtuax9Ui7AKhM7q4BGbeudkAAQIDBAUGBw=="),
    (
        "ssha512",
        "{SSHA512}DNWEoVVU7zkCuGv8QUCo+d3+IoKIkp4dFK12jFMvN4vyklXjWcnc6/QBghPZyrdSm+2CjWsejyiaUtDrRMyY0NKaMyZkjFEK",
    ),
    ("sha", "{SHA}gSCeZkHPIESyHejANHy1SzLAAj4="),
    ("md5", "md5$CM3Ncc81D8qL7aegA2jvkh$c3f8fe8478f8ecfe088b0dfeac81116f"),
    // At the cost that Django 5.2 has them from the start.
    ("pbkdf2_sha256", "pbkdf2_sha256$1000000$IAj8Jr1XFnrwEYggvicprG$eKsnNaQ0NJbjjdrIbiYNhrZyvj5K0hRvSsxv+G8y4ng="),
    (
        "argon2",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$d3owWGxUd09UeDdXVm4xaVJDVGozNQ$tW1/cwvT7mRwfU2do+roc14ybofbubU2DuwKj+wdR6w",
    ),
    ("bcrypt_sha256", "bcrypt_sha256$$2b$12$lMDM2fdYfWypX744gEtAwOqWzcuxQehIqW174fs6KsHRi44dQi5ne"),
    (
        "scrypt",
        "scrypt$16384$iit8MDUoXsz9QjmuMMbKFN$8$5$eTP+D53OHJgBkPfYp14+uQbDIB8eqcVTcI+o4INGhWN4v3pqsM04ztiY30p2XTCs3rFXQQUmspmRt5c9IJbIOw==",
    ),
];

fn today() -> Params {
    Params::new(64, 1, 1, Some(32)).unwrap()
}

fn read(text: &str) -> Result<Stored, Why> {
    Stored::parse(text, &today(), true)
}

fn matches(stored: &Stored, password: &[u8]) -> bool {
    stored.matches(password, &mut Memory::default()).unwrap()
}

#[test]
fn every_genuine_hash_is_named_and_lets_in_its_password_only() {
    for (name, text) in GENUINE {
        assert_eq!(Format::of(text).unwrap().name(), name, "{text}");
        let stored = read(text).unwrap();
        assert!(matches(&stored, PASSWORD.as_bytes()), "{text}");
        assert!(!stored.is_up_to_date(), "{text}");
        // The wrong ones once at a low cost is enough.
        if !["$12$", "$16384$", "$1000000$", "m=102400"].iter().any(|dear| text.contains(dear)) {
            assert!(!matches(&stored, PASSWORD.to_uppercase().as_bytes()), "{text}");
            assert!(!matches(&stored, b""), "{text}");
        }
    }
}

#[test]
fn a_hash_that_lost_its_end_or_a_field_is_refused() {
    for (_, text) in GENUINE {
        let shorter = text.rsplit_once(['$', '}']).unwrap().0;
        for cut in [shorter.to_owned(), format!("{shorter}$"), format!("{text}$"), format!("{text}*")] {
            assert!(read(&cut).is_err(), "{cut}");
        }
    }
}

#[test]
fn a_hash_that_would_take_too_much_is_refused_unverified() {
    let hash = "fJd+vmWfRyeldoUoVNAS9Rji5NKVQBTJ03N61w4mz0I=";
    for text in [
        format!("pbkdf2_sha256$5000001$salty${hash}"),
        format!("pbkdf2_sha1$2500001$salty${hash}"),
        format!("scrypt$262144$salty$8$1${hash}"),
        format!("scrypt$131072$salty$8$3${hash}"),
        format!("scrypt$16$salty$8$17${hash}"),
        format!("scrypt$16$salty$65537$1${hash}"),
        format!("$scrypt$ln=63,r=8,p=1$c2FsdHk${hash}"),
        format!("$scrypt$ln=17,r=4294967295,p=4294967295$c2FsdHk${hash}"),
        "$2b$16$EkaYcptwJVd1WtNNi6laTe3P.bEtE2S40VB3crPlSqXSPLboon4SK".to_owned(),
        "bcrypt_sha256$$2b$31$bwef/uVo48WoAlhkqVs9P.QKstKcW21qs6y48EeImWsRKgvPKgQgS".to_owned(),
        "argon2$argon2id$v=19$m=262144,t=1,p=1$d3owWGxUd09UeDdXVm4xaVJDVGozNQ$tW1/cwvT7mRwfU2do+roc14ybofbubU2DuwKj+wdR6w"
            .to_owned(),
    ] {
        assert_eq!(read(&text).unwrap_err(), TOO_MUCH, "{text}");
    }
    assert!(read(&format!("scrypt$131072$salty$8$1${hash}")).is_ok(), "what OWASP recommends is bearable");
    assert!(read(&format!("pbkdf2_sha256$5000000$salty${hash}")).is_ok());
}

#[test]
fn a_hash_that_its_format_does_not_allow_is_refused() {
    let hash = "fJd+vmWfRyeldoUoVNAS9Rji5NKVQBTJ03N61w4mz0I=";
    for text in [
        format!("pbkdf2_sha256$0$salty${hash}"),
        format!("pbkdf2_sha256$+9$salty${hash}"),
        format!("pbkdf2_sha256$99999999999$salty${hash}"),
        // One byte of output would let in each 256th password.
        "pbkdf2_sha256$1000$salty$fA==".to_owned(),
        format!("pbkdf2_sha256$1000$salty${}", "A".repeat(400)),
        format!("$pbkdf2-sha256$i=1000,l=16$c2FsdHk${hash}"),
        format!("scrypt$17$salty$8$5${hash}"),
        format!("scrypt$1$salty$8$5${hash}"),
        format!("scrypt$16$salty$0$5${hash}"),
        "$2b$03$EkaYcptwJVd1WtNNi6laTe3P.bEtE2S40VB3crPlSqXSPLboon4SK".to_owned(),
        "$2b$4$EkaYcptwJVd1WtNNi6laTe3P.bEtE2S40VB3crPlSqXSPLboon4SKx".to_owned(),
        "bcrypt$EkaYcptwJVd1WtNNi6laTe3P.bEtE2S40VB3crPlSqXSPLboon4SK".to_owned(),
        "{SSHA}gSCeZkHPIESyHejANHy1SzLAAj4=".to_owned(),
        "{SHA}qw6VUs3FWeW0RllVCxOhBczdAQr6P8dY".to_owned(),
        "md5$salt$c3f8fe8478f8ecfe088b0dfeac81116g".to_owned(),
        format!("pbkdf2_sha256$1000${}${hash}", "s".repeat(2000)),
    ] {
        assert_eq!(read(&text).unwrap_err(), MALFORMED, "{text}");
    }
}

#[test]
fn md5_counts_only_where_the_site_says_so() {
    let md5 = "md5$CM3Ncc81D8qL7aegA2jvkh$c3f8fe8478f8ecfe088b0dfeac81116f";
    assert_eq!(Stored::parse(md5, &today(), false).unwrap_err(), MD5_REFUSED);
    assert!(matches(&read(md5).unwrap(), PASSWORD.as_bytes()));
}

#[test]
fn what_is_worth_nothing_is_known_and_never_verified() {
    for (name, text) in [
        ("unsalted_md5", "md5$$5f4dcc3b5aa765d61d8327deb882cf99"),
        ("unsalted_md5", "5f4dcc3b5aa765d61d8327deb882cf99"),
        ("unsalted_sha1", "sha1$$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"),
        ("sha1", "sha1$salt$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"),
        ("crypt", "crypt$$ab1hlZg8eWhyc"),
    ] {
        let format = Format::of(text).unwrap();
        assert_eq!((format.name(), format.never()), (name, read(text).err()));
    }
}

/// Attack A62: verified as the origin did it, until the hash that replaces it looks at everything.
#[test]
fn a62_bcrypt_looks_at_72_bytes_and_django_sha256_at_all() {
    let long = read("$2b$04$N7u4Ch.7h79B/FYh3FahVen36lMoJvN6IVgv7FnmSyEzermLR/4iS").unwrap();
    assert!(matches(&long, "x".repeat(72).as_bytes()));
    assert!(matches(&long, "x".repeat(1024).as_bytes()));
    assert!(!matches(&long, "x".repeat(71).as_bytes()));
    let whole = read(GENUINE[17].1).unwrap();
    assert!(!matches(&whole, format!("{PASSWORD} ").as_bytes()));
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in ".{0,200}") {
        let _ = read(&text);
        let _ = crate::ImportedHash::parse(&text);
    }

    /// Genuine hashes with a stretch of them replaced, so that the readers get behind their prefixes.
    #[test]
    fn no_damage_makes_a_reader_panic(which in 0..GENUINE.len(), at in 0..100_usize, length in 0..20_usize, with in "[$=,a-z0-9é]{0,12}") {
        let mut text: Vec<char> = GENUINE[which].1.chars().collect();
        let at = at.min(text.len());
        let end = (at + length).min(text.len());
        text.splice(at..end, with.chars());
        let _ = read(&text.into_iter().collect::<String>());
    }
}
