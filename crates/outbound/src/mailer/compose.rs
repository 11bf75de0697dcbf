//! From words to a mail (RFC 5322), in text and HTML.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lettre::message::{
    Body, Mailbox, MultiPart, SinglePart,
    header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
};
use vestibule_core::{Random, Timestamp};

use super::{Outgoing, SendError};
use crate::{Address, Message, Sender};

/// RFC 3834, section 5: so that no machine answers to it.
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

pub(super) fn outgoing(
    sender: &Sender,
    to: &Address,
    message: &Message,
    now: Timestamp,
    random: &Random,
) -> Result<Outgoing, SendError> {
    let id = hex(&random.bytes::<16>());
    let body = MultiPart::alternative()
        .boundary(hex(&random.bytes::<16>()))
        .singlepart(plain(&message.text))
        .singlepart(SinglePart::html(message.html.clone()));
    let composed = lettre::Message::builder()
        .from(sender.0.clone())
        .to(Mailbox::new(None, to.0.clone()))
        .subject(one_line(&message.subject))
        .date(system_time(now))
        .message_id(Some(format!("<{id}@{}>", sender.0.email.domain())))
        .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()))
        .multipart(body);
    let message = composed.map_err(|error| SendError::Permanent(error.to_string()))?;
    Ok(Outgoing { message, at: now, id })
}

/// Text that needs no encoding goes without, so that its links stand there in one piece for whoever looks into the file. Lines
/// may have 998 characters (RFC 5322, section 2.1.1); lettre would break them from 77 on.
fn plain(text: &str) -> SinglePart {
    let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    if !text.is_ascii() || text.lines().any(|line| line.len() > 998) {
        return SinglePart::plain(text);
    }
    let body = Body::dangerous_pre_encoded(text.replace('\n', "\r\n").into(), ContentTransferEncoding::SevenBit);
    SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body)
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn system_time(moment: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(moment.millis()).unwrap_or(0))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composed(subject: &str, text: &str) -> String {
        let sender = "Acme Sign-in <no-reply@id.example.com>".parse().unwrap();
        let message = Message { subject: subject.into(), text: text.into(), html: "<p>Hello</p>".into() };
        let now = Timestamp::from_millis(1_795_403_640_007);
        let to = "eve@example.com".parse().unwrap();
        let outgoing = outgoing(&sender, &to, &message, now, &Random::system()).unwrap();
        String::from_utf8(outgoing.message.formatted()).unwrap()
    }

    #[test]
    fn a_mail_has_the_headers_that_mail_has() {
        let mail = composed("Hello", "Hello\n");
        for header in [
            "From: \"Acme Sign-in\" <no-reply@id.example.com>",
            "To: eve@example.com",
            "Subject: Hello",
            "Date: Mon, 23 Nov 2026 03:14:00 +0000",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert!(mail.lines().any(|line| line == header), "{header} in {mail}");
        }
        let id = mail.lines().find(|line| line.starts_with("Message-ID: <")).unwrap();
        assert!(id.ends_with("@id.example.com>"), "{id}");
        let (text, html) = (mail.find("text/plain").unwrap(), mail.find("text/html").unwrap());
        assert!(text < html, "the better one comes last (RFC 2046, section 5.1.4)");
    }

    #[test]
    fn a80_a_subject_adds_no_header() {
        let mail = composed("Hello\r\nBcc: bob@example.com\r\n\r\nBody", "");
        assert!(!mail.lines().any(|line| line.starts_with("Bcc") || line.starts_with("Body")), "{mail}");
    }

    #[test]
    fn a_link_in_plain_text_stays_in_one_piece() {
        let link = format!("https://id.example.com/recover/{}?next=/account", "x".repeat(80));
        assert!(composed("A link", &format!("Go to\n\n{link}\n")).lines().any(|line| line == link));
    }

    #[test]
    fn text_that_a_mail_cannot_hold_as_it_is_is_encoded() {
        for text in ["B\u{fc}cherei".to_owned(), "x".repeat(999), "a\r\0b".to_owned()] {
            let mail = composed("Hello", &text);
            assert!(!mail.contains(&text) && mail.lines().all(|line| line.len() <= 998), "{mail}");
        }
    }
}
