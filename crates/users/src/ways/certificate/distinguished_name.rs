//! Subjects, written in one way: RFC 4514, so that one that is typed can be compared with one that a certificate holds.
//!
//! The most particular part comes first, as in `CN=eve,OU=People,O=Example`. Blanks around values do not count, nor how many there
//! are between words, nor the case of ASCII letters. Whatever divides is escaped within a value, so that no name can pass for two.

use std::fmt::Write;

use x509_parser::x509::X509Name;

/// The attribute types that have a short name (RFC 4514 section 3, and what certificates use besides).
const TYPES: [(&str, &str); 14] = [
    ("CN", "2.5.4.3"),
    ("SN", "2.5.4.4"),
    ("SERIALNUMBER", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("TITLE", "2.5.4.12"),
    ("GIVENNAME", "2.5.4.42"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("EMAILADDRESS", "1.2.840.113549.1.9.1"),
];

/// The longest subject that is typed.
const LONGEST: usize = 2048;

/// The subject of a certificate.
pub(super) fn of_subject(subject: &X509Name<'_>) -> Result<String, &'static str> {
    let unreadable = "its subject cannot be read";
    let mut parts = Vec::new();
    for part in subject.iter() {
        let mut attributes = Vec::new();
        for attribute in part.iter() {
            let value = attribute.as_str().map_err(|_| unreadable)?;
            let kind = type_name(&attribute.attr_type().to_id_string()).ok_or(unreadable)?;
            attributes.push(written(&kind, value));
        }
        parts.push(joined(attributes));
    }
    parts.reverse();
    if parts.is_empty() { Err("it has no subject") } else { Ok(parts.join(",")) }
}

/// A subject as somebody typed it.
pub(super) fn of_text(typed: &str) -> Result<String, &'static str> {
    if typed.len() > LONGEST {
        return Err("a subject has at most 2048 bytes");
    }
    let mut parts = Vec::new();
    for part in divided(typed, ',') {
        let attributes: Result<Vec<_>, _> = divided(part, '+').into_iter().map(attribute).collect();
        parts.push(joined(attributes?));
    }
    Ok(parts.join(","))
}

/// Splits at what is not escaped.
fn divided(text: &str, divider: char) -> Vec<&str> {
    let (mut parts, mut from, mut escaped) = (Vec::new(), 0, false);
    for (index, character) in text.char_indices() {
        if !escaped && character == divider {
            parts.push(&text[from..index]);
            from = index + divider.len_utf8();
        }
        escaped = !escaped && character == '\\';
    }
    parts.push(&text[from..]);
    parts
}

fn attribute(text: &str) -> Result<String, &'static str> {
    const EXAMPLE: &str = "write a subject as CN=eve,OU=People,O=Example";
    let (kind, value) = text.split_once('=').ok_or(EXAMPLE)?;
    let value = value.trim();
    if value.starts_with('#') || value.starts_with('"') {
        return Err("write values as text, with \\ before what divides");
    }
    let value = unescaped(value).ok_or("after a \\ comes what it escapes, or two hexadecimal digits")?;
    if value.trim().is_empty() {
        return Err(EXAMPLE);
    }
    Ok(written(&type_name(kind.trim()).ok_or(EXAMPLE)?, &value))
}

/// RFC 4514 section 2.4, undone.
fn unescaped(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        if let Some(byte) = rest.get(..2).and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        {
            bytes.push(byte);
            rest = &rest[2..];
        } else {
            let (escaped, after) = rest.split_first().filter(|(escaped, _)| b"\"+,;<>\\ #=".contains(escaped))?;
            bytes.push(*escaped);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

/// The short name of a type where it has one, else its number.
fn type_name(name: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    let known = TYPES.iter().find(|(short, number)| *short == upper || *number == name);
    if let Some((short, _)) = known {
        return Some((*short).to_owned());
    }
    let is_number =
        name.contains('.') && name.split('.').all(|arc| !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()));
    is_number.then(|| name.to_owned())
}

fn written(kind: &str, value: &str) -> String {
    let mut text = format!("{kind}=");
    for (index, word) in value.split_whitespace().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        for character in word.chars() {
            match character.to_ascii_lowercase() {
                special @ ('"' | '+' | ',' | ';' | '<' | '>' | '\\' | '#' | '=') => text.extend(['\\', special]),
                control if control.is_control() => {
                    for byte in control.encode_utf8(&mut [0; 4]).bytes() {
                        // Writing to a string cannot fail.
                        let _ = write!(text, "\\{byte:02x}");
                    }
                }
                other => text.push(other),
            }
        }
    }
    text
}

/// Attributes of one part have no order.
fn joined(mut attributes: Vec<String>) -> String {
    attributes.sort_unstable();
    attributes.join("+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_subject_can_be_typed_in_several_ways() {
        let subject = of_text("CN=eve,OU=people,O=example").unwrap();
        for typed in [
            "cn=Eve, ou=People, o=Example",
            "CN = eve , OU = people , O = example",
            "2.5.4.3=eve,OU=people,O=exampl\\65",
        ] {
            assert_eq!(of_text(typed).unwrap(), subject, "{typed}");
        }
        assert_eq!(of_text(&subject).unwrap(), subject);
        assert_eq!(of_text("O=a  b+CN=c").unwrap(), of_text("CN=c+O=a b").unwrap());
    }

    #[test]
    fn no_name_can_pass_for_two() {
        let escaped = of_text("CN=eve\\,OU=people,O=example").unwrap();
        assert_ne!(escaped, of_text("CN=eve,OU=people,O=example").unwrap());
        assert_eq!(of_text(&escaped).unwrap(), escaped);
        assert_ne!(of_text("CN=eve\\2bO=x").unwrap(), of_text("CN=eve+O=x").unwrap());
        assert_ne!(of_text("O=example,CN=eve").unwrap(), of_text("CN=eve,O=example").unwrap(), "order counts");
    }

    #[test]
    fn what_is_no_subject_is_refused() {
        for typed in ["", "eve", "/CN=eve", "CN=", "CN=eve,", "CN=#0c03657665", "CN=eve\\", "CN=\\ff", "nonsense=eve"] {
            assert!(of_text(typed).is_err(), "{typed:?}");
        }
        assert!(of_text(&format!("CN={}", "x".repeat(4000))).is_err());
    }
}
