//! The mail server of the tests, as a test speaks to it.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};
use vestibule_core::{Clock, Random};
use vestibule_outbound::{
    Address, Mailer, Security, Smtp,
    mails::{Happened, PasswordRecovery},
};

pub(crate) struct PostOffice(Value);

impl PostOffice {
    pub(crate) fn open() -> Self {
        let file = std::env::var("VESTIBULE_TEST_SMTP").expect(
            "this test needs a mail server: run it with `cargo xtask test`, or start tests/smtp/server.py and set \
             VESTIBULE_TEST_SMTP to its server.json",
        );
        Self(serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap())
    }

    fn port(&self, name: &str) -> u16 {
        u16::try_from(self.0[name].as_u64().unwrap()).unwrap()
    }

    /// Settings that are right.
    pub(crate) fn smtp(&self, security: Security) -> Smtp {
        let text = |name: &str| self.0[name].as_str().unwrap().to_owned();
        let port = match security {
            Security::StartTls => self.port("starttls"),
            Security::Tls => self.port("tls"),
            Security::None => self.port("none"),
        };
        let guarded = security != Security::None;
        Smtp {
            port: Some(port),
            security,
            username: guarded.then(|| text("username")),
            password: guarded.then(|| text("password").into()),
            extra_roots: Some(std::fs::read(text("ca_file")).unwrap()),
            hello: Some("id.example.com".to_owned()),
            ..Smtp::at("127.0.0.1")
        }
    }

    pub(crate) fn mailer(&self, settings: Smtp) -> Mailer {
        let sender = "\"Bücherei, Bürgernetz\" <no-reply@id.example.com>".parse().unwrap();
        Mailer::smtp(settings, sender, Clock::system(), Random::system()).unwrap()
    }

    pub(crate) fn mails_to(&self, to: &Address) -> Vec<Value> {
        self.ask(&json!({"mails_to": to.to_string()}))["mails"].as_array().unwrap().clone()
    }

    pub(crate) fn only_mail_to(&self, to: &Address) -> Value {
        let mut mails = self.mails_to(to);
        assert_eq!(mails.len(), 1, "mails to {to}");
        mails.remove(0)
    }

    pub(crate) fn refuse(&self, to: &Address, with: &str, times: u32) {
        self.ask(&json!({"refuse": to.to_string(), "with": with, "times": times}));
    }

    fn ask(&self, question: &Value) -> Value {
        let mut control = TcpStream::connect(("127.0.0.1", self.port("control"))).unwrap();
        control.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        writeln!(control, "{question}").unwrap();
        let mut answer = String::new();
        BufReader::new(control).read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }
}

/// An address that no other test writes to.
pub(crate) fn somebody() -> Address {
    let name: String = Random::system().bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{name}@example.com").parse().unwrap()
}

pub(crate) fn mail(link: &str) -> PasswordRecovery {
    PasswordRecovery {
        username: "eve".to_owned(),
        link: link.to_owned(),
        holds: Duration::from_secs(1800),
        asked: Happened { at: Clock::system().now(), address: None },
    }
}
