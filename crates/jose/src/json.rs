//! JSON of others, read strictly: a member that stands twice is refused at any depth.
//!
//! RFC 7515 section 4 and RFC 7519 section 4 leave it to the reader whether the last of two counts or both are refused. Two
//! readers that choose differently see two tokens where one was signed, so here they are refused.

use std::{borrow::Cow, collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor},
};

/// Reads JSON in which no object has a member twice.
pub(crate) fn strict<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice::<Unique>(json)?;
    serde_json::from_slice(json)
}

/// Any JSON value whose members are all different. Nothing of it is kept.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unique, A::Error> {
        let mut names = HashSet::new();
        while let Some(Name(name)) = map.next_key()? {
            map.next_value::<Unique>()?;
            if !names.insert(name) {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        Ok(Unique)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Unique, A::Error> {
        while seq.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_none<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }
}

/// A member's name, unescaped: `"alg"` and `"\u0061lg"` are one.
#[derive(PartialEq, Eq, Hash)]
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn ordinary_json_is_read_as_it_is() {
        let json = br#" {"a":[1,-2,3.5,true,null,"x"],"b":{"a":{"a":"\u0061"}},"":[]} "#;
        let value: Value = strict(json).expect("JSON");
        assert_eq!(value["b"]["a"]["a"], "a");
    }

    #[test]
    fn a42_a_member_that_stands_twice_is_refused_at_any_depth_and_in_any_spelling() {
        for doubled in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"\u0061":1}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[0,{"a":1,"b":0,"a":2}]}"#,
            r#"[{"":1,"":2}]"#,
        ] {
            assert!(strict::<Value>(doubled.as_bytes()).is_err(), "{doubled}");
        }
    }

    #[test]
    fn a39_what_is_no_json_or_too_deep_is_refused() {
        for odd in ["", "{", "{}{}", "{\"a\":1,}", "\u{feff}{}", "NaN"] {
            assert!(strict::<Value>(odd.as_bytes()).is_err(), "{odd}");
        }
        assert!(strict::<Value>("[".repeat(8000).as_bytes()).is_err());
        assert!(strict::<Value>(&[b'"', 0xff, b'"']).is_err(), "no UTF-8");
    }
}
