//! The reference of all settings, written from their table: as a TOML file and as Markdown.

use std::fmt::Write as _;

use super::settings::{SECTIONS, SETTINGS, Section, Setting};

/// The default configuration file: every setting with its default, its documentation above it.
#[must_use]
pub fn toml_file() -> String {
    let mut text = String::from(
        "# Vestibule's configuration: every setting, with its default.\n\
         #\n\
         # Any key can come from the environment as VESTIBULE_<TABLE>__<KEY>, which goes before this file, and any secret\n\
         # from a file of its own as <key>_file. Relative paths start at the working directory.\n",
    );
    for section in SECTIONS {
        let mut table = "";
        for setting in settings_of(section) {
            if table != setting.table() {
                table = setting.table();
                let about = if table == section.name { comment(section.doc) } else { String::new() };
                let _ = write!(text, "\n{about}[{table}]\n");
            }
            let _ = write!(text, "\n{}{}", comment(setting.doc), entry(setting));
        }
    }
    text
}

fn settings_of(section: &Section) -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(|setting| setting.key.split('.').next() == Some(section.name))
}

/// Documentation as comments. Rust's doc comments begin with a blank of their own.
fn comment(doc: &[&str]) -> String {
    doc.iter().map(|line| format!("#{}\n", line.trim_end())).collect()
}

fn entry(setting: &Setting) -> String {
    let range = bounds(setting).map(|bounds| format!("# {bounds}\n")).unwrap_or_default();
    let name = setting.name();
    let value = match (setting.default, setting.example) {
        (Some(default), _) => format!("{name} = {default}\n"),
        (None, example) => format!("# {name} = {}\n", example.unwrap_or_default()),
    };
    let file = setting.secret.then(|| format!("# {name}_file = \"/run/secrets/{}\"\n", setting.key.replace('.', "-")));
    format!("{range}{value}{}", file.unwrap_or_default())
}

fn bounds(setting: &Setting) -> Option<String> {
    let plain = |literal: &'static str| literal.trim_matches('"');
    setting.range.map(|(least, greatest)| format!("From {} to {}.", plain(least), plain(greatest)))
}

/// `docs/configuration.md`.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(
        "# Configuration\n\n\
         Generated from the table of settings by `cargo xtask docs`. Do not edit.\n\n\
         Vestibule reads one TOML file: the one named by `--config`, else by `$VESTIBULE_CONFIG`, else `vestibule.toml` in the \
         working directory if there is one. Without a file the defaults hold. An unknown key, a value of the wrong type or out \
         of bounds is an error that names file, line and cure; `vestibule config check` tells them all at once.\n\n\
         - Any key can come from the environment as `VESTIBULE_<TABLE>__<KEY>`, which goes before the file. Lists are \
         separated by commas there.\n\
         - Any secret can come from a file of its own as `<key>_file`; a line end after it does not count.\n\
         - Durations are numbers with a unit: `ms`, `s`, `m`, `h`, `d`. Sizes are bytes, or `KiB` and `MiB`. Relative paths \
         start at the working directory.\n\
         - `vestibule config show` prints what is in effect and where it comes from, secrets hidden; `vestibule config \
         reference` prints all of this as a file to begin with.\n",
    );
    for section in SECTIONS {
        let _ = write!(text, "\n## {}\n\n{}\n", section.name, paragraphs(section.doc));
        for setting in settings_of(section) {
            let _ = write!(text, "\n### `{}`\n\n{}\n\n{}\n", setting.key, paragraphs(setting.doc), facts(setting));
        }
    }
    text
}

fn paragraphs(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n")
}

/// Default, bounds and other names of a setting, as a list.
fn facts(setting: &Setting) -> String {
    let mut facts = vec![match (setting.default, setting.example) {
        (Some(default), _) => format!("- Default: `{default}`"),
        (None, example) => format!("- Default: not set. Example: `{}`", example.unwrap_or_default()),
    }];
    facts.extend(bounds(setting).map(|bounds| format!("- {bounds}")));
    facts.push(format!("- Environment: `{}`", setting.variable()));
    facts.extend(setting.file_key().map(|key| format!("- From a file: `{key}`, or `{}_FILE`", setting.variable())));
    facts.join("\n")
}
