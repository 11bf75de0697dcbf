//! Mail, as it lies in the folder of a provider under test.

use std::{fs, time::Duration};

use crate::TestApp;

/// How long a mail may be on its way.
const PATIENCE: Duration = Duration::from_secs(10);

/// A mail that somebody got.
#[derive(Clone, Debug)]
pub struct Mail {
    /// All of it, in one piece a line.
    pub text: String,
}

impl Mail {
    fn read(raw: &str) -> Self {
        // Quoted-printable (RFC 2045 section 6.7), of which links need no more than this.
        Self { text: raw.replace("=\r\n", "").replace("=3D", "=") }
    }

    fn is_to(&self, address: &str) -> bool {
        self.text.lines().any(|line| line.starts_with("To:") && line.contains(address))
    }

    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default().trim()
    }

    /// The link with a token in it.
    #[must_use]
    pub fn find_link(&self) -> Option<String> {
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>');
        self.text.split(ends).find(|word| word.contains("?token=")).map(str::to_owned)
    }

    /// The link with a token in it.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn link(&self) -> String {
        self.find_link().unwrap_or_else(|| panic!("no link: {}", self.text))
    }
}

impl TestApp {
    /// The mails that came to an address, the oldest first.
    ///
    /// # Panics
    /// Where the folder cannot be read.
    #[must_use]
    pub fn mails(&self, address: &str) -> Vec<Mail> {
        let entries = fs::read_dir(&self.config().mail.folder).expect("the folder for mail");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "eml"));
        paths.sort();
        let mails = paths.iter().filter_map(|path| fs::read_to_string(path).ok()).map(|raw| Mail::read(&raw));
        mails.filter(|mail| mail.is_to(address)).collect()
    }

    /// Waits for the mail number `count` to an address.
    ///
    /// # Panics
    /// Where none comes.
    pub async fn mail(&self, address: &str, count: usize) -> Mail {
        let waiting = async {
            loop {
                if let Some(mail) = self.mails(address).into_iter().nth(count - 1) {
                    return mail;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("no mail number {count} to {address}"))
    }
}
