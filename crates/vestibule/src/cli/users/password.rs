//! Where a command gets a password from: one line of standard input, or a person at a terminal. Never an argument, which
//! every account of the machine could read.

use std::io::{self, BufRead, IsTerminal};

use secrecy::{ExposeSecret, SecretString};

use crate::cli::Failure;

/// The longest line that is read: more than the longest password has bytes.
const LONGEST_LINE: u64 = 8192;

/// The password of a user to be created: from standard input where that is asked for, else from the terminal, if there is
/// one. An empty answer there means none.
pub(super) fn for_new_user(from_stdin: bool) -> Result<Option<SecretString>, Failure> {
    if from_stdin {
        return one_line(io::stdin().lock()).map(Some);
    }
    if io::stdin().is_terminal() { ask("Password (empty for none): ") } else { Ok(None) }
}

/// One password for many made-up users.
pub(super) fn one_line_of_input() -> Result<SecretString, Failure> {
    one_line(io::stdin().lock())
}

/// A new password for a user there is.
pub(super) fn for_known_user(username: &str, from_stdin: bool) -> Result<SecretString, Failure> {
    if from_stdin {
        return one_line(io::stdin().lock());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::new(
            "no terminal to ask for the password; give it on standard input with --password-stdin",
        ));
    }
    ask(&format!("New password for {username}: "))?
        .ok_or_else(|| Failure::new("no password was typed; nothing is changed"))
}

/// Asks twice, without echo.
fn ask(prompt: &str) -> Result<Option<SecretString>, Failure> {
    let read = |prompt: &str| {
        rpassword::prompt_password(prompt)
            .map(SecretString::from)
            .map_err(|error| Failure::new(format!("the terminal cannot be read: {error}; use --password-stdin")))
    };
    let password = read(prompt)?;
    if password.expose_secret().is_empty() {
        return Ok(None);
    }
    if read("Again: ")?.expose_secret() != password.expose_secret() {
        return Err(Failure::new("the two passwords differ; nothing is changed, try again"));
    }
    Ok(Some(password))
}

/// The first line, without its end.
fn one_line(input: impl BufRead) -> Result<SecretString, Failure> {
    let mut line = String::new();
    input
        .take(LONGEST_LINE)
        .read_line(&mut line)
        .map_err(|error| Failure::new(format!("the password cannot be read from standard input: {error}")))?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    if line.is_empty() {
        return Err(Failure::new("standard input holds no password; write it there as one line"));
    }
    Ok(line.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(input: &str) -> Result<String, String> {
        let read = one_line(input.as_bytes());
        read.map(|password| password.expose_secret().to_owned()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_password_is_the_first_line_without_its_end() {
        assert_eq!(line("correct horse \r\nbattery\n"), Ok("correct horse ".to_owned()));
        assert_eq!(line("no line end"), Ok("no line end".to_owned()));
        assert!(line("\n").expect_err("empty").contains("holds no password"));
        assert!(line("").is_err());
    }
}
