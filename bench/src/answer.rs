//! An HTTP/1.1 answer, as its bytes come in.
//!
//! ```text
//! the head comes in ─▶ its body: of a stated length, in chunks, or until the connection ends ─▶ complete
//! ```
//! Written to cost next to nothing: of the fields only those that tell the body's end are looked at; others are found when a step
//! asks for them.

use crate::failure::{Failure, While};

/// More fields than any answer has.
const MOST_FIELDS: usize = 64;
/// The longest answer that is taken.
const LONGEST: usize = 16 << 20;

/// Reads one answer after the other.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    bytes: Vec<u8>,
    head: Option<Head>,
    /// The body of an answer that came in chunks.
    joined: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    status: u16,
    length: usize,
    body: Body,
    closes: bool,
}

#[derive(Clone, Copy, Debug)]
enum Body {
    /// So many bytes.
    Stated(usize),
    /// Chunks, the next of which begins here.
    Chunks(usize),
    /// Whatever comes before the connection ends.
    UntilTheEnd,
}

impl Answer {
    /// Takes bytes in. True once the answer is complete.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<bool, Failure> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > LONGEST {
            return Err(Failure::because("the answer is too long"));
        }
        let head = match self.head {
            Some(head) => head,
            None => match read_head(&self.bytes)? {
                Some(head) => head,
                None => return Ok(false),
            },
        };
        self.head = Some(head);
        match head.body {
            Body::Stated(length) => self.whole(head.length + length),
            Body::Chunks(next) => self.chunks(head, next),
            Body::UntilTheEnd => Ok(false),
        }
    }

    /// The connection has ended. True where that completes the answer.
    pub(crate) fn ended(&self) -> bool {
        self.head.is_some_and(|head| matches!(head.body, Body::UntilTheEnd))
    }

    /// Whether nothing has come in yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Makes ready for the next one.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.joined.clear();
        self.head = None;
    }

    /// The status of a complete answer.
    pub(crate) fn status(&self) -> u16 {
        self.head.map_or(0, |head| head.status)
    }

    /// Whether the connection ends with this answer.
    pub(crate) fn closes(&self) -> bool {
        self.head.is_none_or(|head| head.closes)
    }

    /// The body of a complete answer.
    pub(crate) fn body(&self) -> &[u8] {
        match self.head {
            Some(Head { body: Body::Chunks(_), .. }) => &self.joined,
            Some(head) => &self.bytes[head.length..],
            None => &[],
        }
    }

    /// Hands over each field of the head.
    pub(crate) fn fields(&self, mut each: impl FnMut(&str, &str)) {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut parsed = httparse::Response::new(&mut fields);
        if parsed.parse(&self.bytes).is_ok() {
            for field in parsed.headers {
                each(field.name, std::str::from_utf8(field.value).unwrap_or_default().trim());
            }
        }
    }

    /// The first field of this name.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let mut found = None;
        self.fields(|other, value| {
            if found.is_none() && other.eq_ignore_ascii_case(name) {
                found = Some(value.to_owned());
            }
        });
        found
    }

    fn whole(&self, length: usize) -> Result<bool, Failure> {
        match self.bytes.len() {
            have if have > length => Err(Failure::because("more came than the answer's length says")),
            have => Ok(have == length),
        }
    }

    /// Joins the chunks that are there (RFC 9112 section 7.1). Trailer fields are passed over.
    fn chunks(&mut self, mut head: Head, mut next: usize) -> Result<bool, Failure> {
        loop {
            let rest = &self.bytes[next..];
            let (begins, size) = match httparse::parse_chunk_size(rest) {
                Ok(httparse::Status::Complete((begins, size))) => (begins, usize::try_from(size).unwrap_or(LONGEST)),
                Ok(httparse::Status::Partial) => break,
                Err(_) => return Err(Failure::because("a chunk of the answer has no size")),
            };
            if size == 0 {
                // The empty line, or the trailer's fields and then the empty line.
                let trailer = &rest[begins..];
                return Ok(trailer.starts_with(b"\r\n") || find(trailer, b"\r\n\r\n").is_some());
            }
            let end = begins.saturating_add(size).saturating_add(2);
            if rest.len() < end {
                break;
            }
            self.joined.extend_from_slice(&rest[begins..begins + size]);
            next += end;
        }
        head.body = Body::Chunks(next);
        self.head = Some(head);
        Ok(false)
    }
}

fn read_head(bytes: &[u8]) -> Result<Option<Head>, Failure> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut parsed = httparse::Response::new(&mut fields);
    let length = match parsed.parse(bytes).doing(|| "the answer is no HTTP".to_owned())? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => return Ok(None),
    };
    let status = parsed.code.unwrap_or_default();
    let mut head = Head { status, length, body: Body::UntilTheEnd, closes: parsed.version == Some(0) };
    let mut stated = None;
    for field in parsed.headers.iter() {
        if field.name.eq_ignore_ascii_case("content-length") {
            let text = std::str::from_utf8(field.value).unwrap_or_default();
            stated = Some(text.trim().parse().doing(|| "the answer's length is no number".to_owned())?);
        } else if field.name.eq_ignore_ascii_case("transfer-encoding") {
            head.body = Body::Chunks(length);
        } else if field.name.eq_ignore_ascii_case("connection") {
            head.closes |= field.value.eq_ignore_ascii_case(b"close");
        }
    }
    match (head.body, stated) {
        // RFC 9112 section 6.3: these never have a body.
        _ if matches!(status, 100..200 | 204 | 304) => head.body = Body::Stated(0),
        (Body::UntilTheEnd, Some(stated)) => head.body = Body::Stated(stated),
        (Body::UntilTheEnd, None) => head.closes = true,
        _ => {}
    }
    Ok(Some(head))
}

/// Where `wanted` begins.
pub(crate) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len().max(1)).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `text` in two pieces, cut at every place in turn: the outcome is the same.
    fn read(text: &str) -> Answer {
        for cut in 0..text.len() {
            let mut answer = Answer::default();
            let first = answer.take(&text.as_bytes()[..cut]).unwrap();
            assert!(!first, "complete after {cut} bytes of {text:?}");
            assert!(answer.take(&text.as_bytes()[cut..]).unwrap(), "cut at {cut}");
        }
        let mut answer = Answer::default();
        answer.take(text.as_bytes()).unwrap();
        answer
    }

    #[test]
    fn an_answer_of_a_stated_length_ends_there() {
        let answer = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello");
        assert_eq!((answer.status(), answer.body(), answer.closes()), (200, &b"hello"[..], false));
        assert_eq!(answer.field("x").as_deref(), Some("y"));
        assert_eq!(answer.field("z"), None);
    }

    #[test]
    fn an_answer_without_a_body_ends_with_its_head() {
        assert_eq!(read("HTTP/1.1 303 See Other\r\ncontent-length: 0\r\nlocation: /x\r\n\r\n").body(), b"");
        assert_eq!(read("HTTP/1.1 204 No Content\r\n\r\n").status(), 204);
    }

    #[test]
    fn chunks_are_joined() {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n";
        assert_eq!(read(text).body(), b"hello, world");
        assert_eq!(
            read("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n").body(),
            b"a"
        );
    }

    #[test]
    fn an_answer_of_no_stated_length_ends_with_its_connection() {
        let mut answer = Answer::default();
        assert!(!answer.take(b"HTTP/1.1 200 OK\r\n\r\nall").unwrap());
        assert!(answer.ended() && answer.closes());
        assert_eq!(answer.body(), b"all");
    }

    #[test]
    fn a_connection_that_ends_half_way_completes_nothing() {
        let mut answer = Answer::default();
        assert!(!answer.ended());
        answer.take(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe").unwrap();
        assert!(!answer.ended());
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in [
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        ] {
            assert!(Answer::default().take(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn it_is_ready_for_the_next_one() {
        let mut answer = Answer::default();
        answer.take(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na").unwrap();
        assert!(answer.closes());
        answer.clear();
        assert!(answer.is_empty());
        assert!(answer.take(b"HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nb").unwrap());
        assert_eq!((answer.status(), answer.body(), answer.closes()), (404, &b"b"[..], false));
    }
}
