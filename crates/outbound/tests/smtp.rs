//! Mail to a real SMTP server: the one of `tests/smtp/server.py`, of which `VESTIBULE_TEST_SMTP` names the file that tells
//! where it is.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod post;

use std::time::Duration;

use post::{PostOffice, mail, somebody};
use tokio::sync::watch;
use vestibule_core::{Clock, Random};
use vestibule_database::Database;
use vestibule_outbound::{Handler, Job, Mailer, Outbox, Security, SendError, Smtp, Trouble};

#[tokio::test]
async fn mail_goes_by_starttls_and_by_tls_with_a_password() {
    let office = PostOffice::open();
    for security in [Security::StartTls, Security::Tls] {
        let to = somebody();
        office.mailer(office.smtp(security)).send(&to, &mail("link")).await.unwrap();
        let got = office.only_mail_to(&to);
        assert_eq!((&got["tls"], &got["user"]), (&true.into(), &"vestibule".into()), "{security:?}");
    }
}

#[tokio::test]
async fn mail_to_a_relay_on_this_machine_may_go_plain() {
    let (office, to) = (PostOffice::open(), somebody());
    office.mailer(office.smtp(Security::None)).send(&to, &mail("link")).await.unwrap();
    assert_eq!(office.only_mail_to(&to)["tls"], false);
}

#[tokio::test]
async fn another_program_reads_what_was_written() {
    let (office, to) = (PostOffice::open(), somebody());
    let link = format!("https://id.example.com/recover/{}", "x".repeat(90));
    office.mailer(office.smtp(Security::StartTls)).send(&to, &mail(&link)).await.unwrap();
    let got = office.only_mail_to(&to);
    assert_eq!(got["defects"], serde_json::json!([]));
    assert_eq!(got["hello"], "id.example.com");
    assert_eq!(got["envelope_from"], "no-reply@id.example.com");
    let headers = &got["headers"];
    assert_eq!(headers["from"], "\"Bücherei, Bürgernetz\" <no-reply@id.example.com>");
    assert_eq!(headers["to"], to.to_string());
    assert_eq!(headers["subject"], "Set a new password for Bücherei, Bürgernetz");
    assert_eq!(headers["auto-submitted"], "auto-generated");
    assert!(headers["message-id"].as_str().unwrap().ends_with("@id.example.com>"));
    assert!(got["text"].as_str().unwrap().lines().any(|line| line == link), "{got:#}");
    assert!(got["html"].as_str().unwrap().contains(&format!("href=\"{link}\"")));
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing() {
    let (office, to) = (PostOffice::open(), somebody());
    let plain = office.smtp(Security::None).port;
    let mailer = office.mailer(Smtp { port: plain, ..office.smtp(Security::StartTls) });
    assert!(matches!(mailer.send(&to, &mail("link")).await, Err(SendError::Temporary(_))));
    assert!(office.mails_to(&to).is_empty());
}

#[tokio::test]
async fn a_server_that_cannot_prove_its_name_gets_nothing() {
    let (office, to) = (PostOffice::open(), somebody());
    for security in [Security::StartTls, Security::Tls] {
        let right = office.smtp(security);
        let unknown = Smtp { extra_roots: None, ..right.clone() };
        let misnamed = Smtp { host: "localhost".to_owned(), ..right };
        for settings in [unknown, misnamed] {
            let result = office.mailer(settings).send(&to, &mail("link")).await;
            assert!(matches!(result, Err(SendError::Temporary(_))), "{security:?}: {result:?}");
        }
    }
    assert!(office.mails_to(&to).is_empty());
}

#[tokio::test]
async fn a_wrong_password_loses_no_mail_and_is_not_told() {
    let (office, to) = (PostOffice::open(), somebody());
    let wrong = Smtp { password: Some("not-the-password".into()), ..office.smtp(Security::StartTls) };
    let Err(SendError::Temporary(why)) = office.mailer(wrong).send(&to, &mail("link")).await else {
        panic!("an operator can repair that")
    };
    assert!(why.contains("535") && !why.contains("not-the-password"), "{why}");
}

#[tokio::test]
async fn where_nobody_listens_it_is_tried_again() {
    let (office, to) = (PostOffice::open(), somebody());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mailer = office.mailer(Smtp { port: Some(free), ..office.smtp(Security::StartTls) });
    assert!(matches!(mailer.send(&to, &mail("link")).await, Err(SendError::Temporary(_))));
}

#[tokio::test]
async fn a_refusal_is_for_now_or_for_good_as_the_server_says() {
    let (office, to) = (PostOffice::open(), somebody());
    let mailer = office.mailer(office.smtp(Security::StartTls));
    office.refuse(&to, "451 4.3.0 later", 1);
    assert!(matches!(mailer.send(&to, &mail("link")).await, Err(SendError::Temporary(why)) if why.contains("4.3.0")));
    office.refuse(&to, "550 5.1.1 nobody of that name", 1);
    assert!(matches!(mailer.send(&to, &mail("link")).await, Err(SendError::Permanent(why)) if why.contains("5.1.1")));
    mailer.send(&to, &mail("link")).await.unwrap();
    office.only_mail_to(&to);
}

#[tokio::test]
async fn many_mails_at_once_arrive_once_each() {
    let office = PostOffice::open();
    let mailer = office.mailer(office.smtp(Security::StartTls));
    let people: Vec<_> = (0..50).map(|_| somebody()).collect();
    let mut sending = tokio::task::JoinSet::new();
    for to in people.clone() {
        let mailer = mailer.clone();
        sending.spawn(async move { mailer.send(&to, &mail("link")).await });
    }
    sending.join_all().await.into_iter().for_each(|sent| sent.unwrap());
    people.iter().for_each(|to| drop(office.only_mail_to(to)));
}

/// As at the end of a program, and in one that only looks at its configuration.
#[test]
fn a_mailer_may_outlive_its_runtime() {
    let (office, to) = (PostOffice::open(), somebody());
    let mailer = office.mailer(office.smtp(Security::Tls));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(mailer.send(&to, &mail("link"))).unwrap();
    drop(runtime);
    drop(mailer);
    office.only_mail_to(&to);
}

/// Mails a link to whoever the job names.
struct Mailing(Mailer);

impl Handler for Mailing {
    async fn handle(&self, job: &Job) -> Result<(), Trouble> {
        let to: String = job.payload().map_err(|error| Trouble::Permanent(error.to_string()))?;
        Ok(self.0.send(&to.parse().unwrap(), &mail("link")).await?)
    }
}

#[tokio::test]
async fn mail_waits_in_the_outbox_for_a_server_that_is_busy() {
    let (office, to, nobody) = (PostOffice::open(), somebody(), somebody());
    office.refuse(&to, "451 4.3.0 later", 2);
    office.refuse(&nobody, "550 5.1.1 nobody of that name", 1000);
    let database = Database::connect("sqlite::memory:", 1).await.unwrap();
    database.migrate().await.unwrap();
    let clock = Clock::system();
    let outbox = Outbox::new(database, clock.clone(), Random::system());
    let (stop, shutdown) = watch::channel(false);
    let mailing = Mailing(office.mailer(office.smtp(Security::StartTls)));
    let running = tokio::spawn(outbox.clone().run(mailing, shutdown));
    for to in [&to, &nobody] {
        outbox.enqueue("link", &to.to_string()).await.unwrap();
    }
    for _ in 0..1000 {
        if outbox.backlog().await.unwrap().waiting == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        clock.advance(Duration::from_secs(1));
        outbox.wake();
    }
    office.only_mail_to(&to);
    assert!(office.mails_to(&nobody).is_empty());
    let failed = outbox.failed(10).await.unwrap();
    assert!(failed.len() == 1 && failed[0].error.contains("5.1.1"), "{failed:?}");
    stop.send(true).unwrap();
    running.await.unwrap();
}
