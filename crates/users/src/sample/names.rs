//! Names that nobody has: put together from syllables.

use super::draw::Draw;

const BEGINNINGS: [&str; 32] = [
    "al", "bran", "cor", "dal", "el", "fen", "gar", "hal", "is", "jor", "kel", "lor", "mar", "nel", "or", "per",
    "quin", "ros", "sel", "tam", "ul", "ver", "wil", "yor", "zan", "bel", "der", "fal", "mir", "nor", "ral", "tor",
];
const MIDDLES: [&str; 16] =
    ["a", "e", "i", "o", "an", "en", "in", "ar", "er", "ir", "or", "al", "el", "il", "os", "um"];
const GIVEN_ENDS: [&str; 16] =
    ["a", "is", "on", "ia", "en", "os", "ina", "ette", "in", "o", "elle", "ius", "ane", "ik", "ya", "u"];
const FAMILY_ENDS: [&str; 16] = [
    "dale", "wick", "mere", "stone", "feld", "holt", "ley", "shaw", "thorn", "well", "brook", "combe", "ridge", "vale",
    "gate", "moor",
];
const KINDS: [&str; 12] =
    ["team", "office", "circle", "desk", "crew", "guild", "bureau", "squad", "board", "branch", "workshop", "league"];

/// The apps whose permissions are made up, and their types of things.
pub(super) const APPS: [&str; 6] = ["atelier", "bakery", "ferry", "kiosk", "ledger", "orchard"];
pub(super) const TYPES: [&str; 8] = ["booking", "crate", "invoice", "parcel", "recipe", "route", "ticket", "voucher"];

pub(super) fn given(draw: &mut Draw) -> String {
    let name = format!("{}{}", draw.among(&BEGINNINGS), draw.among(&GIVEN_ENDS));
    capital(&name)
}

pub(super) fn family(draw: &mut Draw) -> String {
    let name = format!("{}{}{}", draw.among(&BEGINNINGS), draw.among(&MIDDLES), draw.among(&FAMILY_ENDS));
    capital(&name)
}

/// The name of a group, which has its number.
pub(super) fn group(draw: &mut Draw, index: u64) -> String {
    format!("{} {} {}", family(draw), draw.among(&KINDS), index + 1)
}

/// With a capital letter. All syllables are of ASCII letters.
fn capital(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_ascii_uppercase())
}
