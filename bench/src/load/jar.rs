//! The cookies of one connection, which plays a browser.

/// Names and values. A provider has a handful.
#[derive(Clone, Debug, Default)]
pub(super) struct Jar(Vec<(String, String)>);

impl Jar {
    /// Keeps, changes or forgets a cookie, as a `Set-Cookie` says. Path and domain are not looked at: there is one host.
    pub(super) fn set(&mut self, set_cookie: &str) {
        let mut parts = set_cookie.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let ended = parts.filter_map(|attribute| attribute.split_once('=')).any(|(name, value)| {
            name.eq_ignore_ascii_case("max-age") && value.parse::<i64>().is_ok_and(|age| age <= 0)
                || name.eq_ignore_ascii_case("expires") && value.contains("1970")
        });
        self.0.retain(|(other, _)| other != name);
        if !ended && !value.is_empty() {
            self.0.push((name.to_owned(), value.to_owned()));
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Writes the field that carries them; nothing where there are none.
    pub(super) fn write(&self, into: &mut Vec<u8>) {
        for (index, (name, value)) in self.0.iter().enumerate() {
            into.extend_from_slice(if index == 0 { b"Cookie: " } else { b"; " });
            into.extend_from_slice(name.as_bytes());
            into.push(b'=');
            into.extend_from_slice(value.as_bytes());
        }
        if !self.0.is_empty() {
            into.extend_from_slice(b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(set: &[&str]) -> String {
        let mut jar = Jar::default();
        set.iter().for_each(|line| jar.set(line));
        let mut into = Vec::new();
        jar.write(&mut into);
        String::from_utf8(into).unwrap()
    }

    #[test]
    fn cookies_are_sent_back_together() {
        assert_eq!(sent(&["a=1; Path=/; HttpOnly", "b=2"]), "Cookie: a=1; b=2\r\n");
        assert_eq!(sent(&["a=1", "b=2", "a=3"]), "Cookie: b=2; a=3\r\n");
        assert_eq!(sent(&[]), "");
    }

    #[test]
    fn one_that_is_ended_is_forgotten() {
        for end in ["a=; Path=/", "a=x; Max-Age=0", "a=x; max-age=-1", "a=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"] {
            assert_eq!(sent(&["a=1", end]), "", "{end}");
        }
        assert_eq!(sent(&["a=1; Max-Age=60"]), "Cookie: a=1\r\n");
    }
}
