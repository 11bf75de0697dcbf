//! Every mail in words.

use std::time::Duration;

use super::*;

const SITE: &str = "Acme & Sons";
const LINK: &str = "https://id.example.com/account/x?a=1&b=2";
/// As an account might be called that wants to write mails of its own.
const NAME: &str = "<b>eve</b>";

/// One of each, with its name.
fn every_mail() -> Vec<(&'static str, Box<dyn Mail>)> {
    let happened = Happened {
        at: Timestamp::from_millis(1_795_403_640_007),
        address: Some("2001:db8::7".parse().expect("an address")),
    };
    let (username, link, holds) = (NAME.to_owned(), LINK.to_owned(), Duration::from_secs(1800));
    let factor = |on| SecondFactorChanged { username: NAME.into(), on, happened, account_link: LINK.into() };
    vec![
        (
            "password_recovery",
            Box::new(PasswordRecovery { username: username.clone(), link: link.clone(), holds, asked: happened }),
        ),
        ("email_verification", Box::new(EmailVerification { link: link.clone(), holds, asked: happened })),
        ("registration_verification", Box::new(RegistrationVerification { link: link.clone(), holds })),
        (
            "already_registered",
            Box::new(AlreadyRegistered {
                username: username.clone(),
                sign_in_link: link.clone(),
                recovery_link: link.clone(),
                asked: happened,
            }),
        ),
        (
            "password_changed",
            Box::new(PasswordChanged { username: username.clone(), happened, recovery_link: link.clone() }),
        ),
        ("second_factor_on", Box::new(factor(true))),
        ("second_factor_off", Box::new(factor(false))),
        ("email_changed", Box::new(EmailChanged { username: username.clone(), happened, account_link: link.clone() })),
        ("sign_in_locked", Box::new(SignInLocked { username, locked_for: holds, happened, recovery_link: link })),
    ]
}

#[test]
fn every_mail_says_the_same_in_text_and_html() {
    for (name, mail) in every_mail() {
        let Message { subject, text, html } = mail.compose(SITE);
        assert!(subject.contains(SITE), "{name}: {subject}");
        assert!(text.contains(SITE) && html.contains("Acme &#38; Sons"), "{name}");
        assert!(text.lines().any(|line| line == LINK), "{name}: the link stands on a line of its own\n{text}");
        assert!(html.contains("href=\"https://id.example.com/account/x?a=1&#38;b=2\""), "{name}\n{html}");
        assert_eq!(text.contains("2001:db8::7"), html.contains("2001:db8::7"), "{name}");
        assert_eq!(text.contains("30 minutes"), html.contains("30 minutes"), "{name}");
        assert!(text.is_ascii() && text.lines().all(|line| line.len() < 100), "{name}: fit to be sent as it is");
        assert!(!text.contains("\n\n\n") && !text.starts_with('\n'), "{name}: no holes\n{text:?}");
        assert!(text.contains("\n-- \n"), "{name}: the signature");
    }
}

#[test]
fn a_name_is_shown_and_not_obeyed() {
    for (name, mail) in every_mail() {
        let html = mail.compose(SITE).html;
        assert!(!html.contains(NAME), "{name}");
        assert!(html.contains("&#60;b&#62;eve") || name.ends_with("_verification"), "{name}");
    }
}

#[test]
fn a_mail_loads_nothing_and_runs_nothing() {
    for (name, mail) in every_mail() {
        let html = mail.compose(SITE).html.to_lowercase();
        for what in ["<img", "<script", "<link", "<style", "url(", "src=", "@import", "<form", "<iframe"] {
            assert!(!html.contains(what), "{name}: {what}");
        }
        let addresses = html.matches("http").count();
        assert_eq!(addresses, html.matches("https://id.example.com/").count(), "{name}: only our own links");
    }
}

#[test]
fn a_message_that_is_logged_shows_no_link() {
    for (_, mail) in every_mail() {
        assert!(!format!("{:?}", mail.compose(SITE)).contains("id.example.com"));
    }
}

/// Where `VESTIBULE_TEST_OUTPUT` names a folder, the mails are left there to be looked at.
#[test]
fn every_mail_can_be_looked_at() {
    let Some(folder) = std::env::var_os("VESTIBULE_TEST_OUTPUT") else { return };
    let folder = std::path::PathBuf::from(folder).join("mails");
    std::fs::create_dir_all(&folder).expect("a folder for the mails");
    for (name, mail) in every_mail() {
        let Message { text, html, .. } = mail.compose("Vestibule");
        std::fs::write(folder.join(format!("{name}.txt")), text).expect("a file for a mail");
        std::fs::write(folder.join(format!("{name}.html")), html).expect("a file for a mail");
    }
}
