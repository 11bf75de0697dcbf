//! Server-sent events (HTML, section 9.2.6), as far as they are used here: lines into events.

/// The longest line, in bytes.
const LONGEST: usize = 64 * 1024;

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// What kind it is of; nothing where it does not say.
    pub(super) name: String,
    pub(super) data: String,
}

/// A line, or an event, is longer than any that is looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Reads events from the bytes as they come.
#[derive(Debug, Default)]
pub(super) struct Reader {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    /// Of the event that is being read.
    id: Option<String>,
    /// Of the last one that was read whole.
    last_id: Option<String>,
    /// The last byte was a carriage return: a line feed after it belongs to the same end of line.
    after_return: bool,
}

impl Reader {
    /// The events that end within `bytes`.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for byte in bytes {
            let second_half = std::mem::replace(&mut self.after_return, *byte == b'\r') && *byte == b'\n';
            match byte {
                b'\n' if second_half => {}
                b'\n' | b'\r' => events.extend(self.end_of_line()?),
                _ if self.line.len() >= LONGEST => return Err(TooLong),
                byte => self.line.push(*byte),
            }
        }
        Ok(events)
    }

    /// The id of the last event that was read whole, where the stream is to be taken up again.
    pub(super) fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    fn end_of_line(&mut self) -> Result<Option<Event>, TooLong> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            self.last_id.clone_from(&self.id);
            let (event, has_data) = (std::mem::take(&mut self.event), std::mem::take(&mut self.has_data));
            return Ok(has_data.then_some(event));
        }
        let line = String::from_utf8_lossy(&line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.event.data.len() + value.len() > LONGEST {
                    return Err(TooLong);
                }
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            // Comments (an empty field) keep the connection alive; `retry` is for browsers.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn events_are_read_whole_however_the_bytes_come() {
        let text = ": hello\n\nid: 7\nevent: revoked\ndata: {\"a\":\ndata: 1}\n\ndata:x\r\n\r\nevent: none\n\n";
        let expected = [event("revoked", "{\"a\":\n1}"), event("", "x")];
        assert_eq!(Reader::default().read(text.as_bytes()).unwrap(), expected);
        let mut reader = Reader::default();
        let one_by_one: Vec<_> = text.bytes().flat_map(|byte| reader.read(&[byte]).unwrap()).collect();
        assert_eq!(one_by_one, expected);
        assert_eq!(reader.last_id(), Some("7"));
    }

    #[test]
    fn an_event_that_was_cut_off_is_none() {
        let mut reader = Reader::default();
        assert_eq!(reader.read(b"data: x\n").unwrap(), []);
        assert_eq!(reader.read(b"data: y\nid: 8\n").unwrap(), []);
        assert_eq!(reader.last_id(), None, "it is asked for again");
    }

    #[test]
    fn a39_a_line_without_an_end_is_refused() {
        assert_eq!(Reader::default().read(&vec![b'a'; LONGEST + 1]), Err(TooLong));
        let mut reader = Reader::default();
        let line = format!("data: {}\n", "a".repeat(LONGEST / 2));
        assert!(reader.read(line.as_bytes()).is_ok());
        assert_eq!(reader.read(line.repeat(2).as_bytes()), Err(TooLong));
    }
}
