//! What the configuration file and the environment say, before any setting has read it: which keys, which values, from where.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ffi::OsString,
    path::{Path, PathBuf},
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Given, Problem, Source, nearest,
    settings::{SETTINGS, find, variable},
};

/// The process's environment, as a parameter.
pub type Environment = Vec<(OsString, OsString)>;

/// The values that one source gives, by key.
pub(super) type Layer = BTreeMap<String, (Given, Source)>;

/// Whether `key` is that of a setting, or of the file of a secret one.
fn is_known(key: &str) -> bool {
    let secret = |setting: &'static super::Setting| setting.secret;
    find(key).is_some() || key.strip_suffix("_file").and_then(find).is_some_and(secret)
}

/// Whether `name` is a table that settings stand in, at any depth.
fn is_table(name: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// What the configuration file says.
pub(super) fn from_file(path: &Path, problems: &mut Vec<Problem>) -> Layer {
    match std::fs::read_to_string(path) {
        Ok(text) => from_text(path, &text, problems),
        Err(error) => {
            problems.push(Problem {
                source: Source::File { path: path.to_owned(), line: None },
                key: None,
                message: format!("the configuration file cannot be read: {error}"),
                cure: "name another with --config or VESTIBULE_CONFIG, or write one from `vestibule config reference`"
                    .to_owned(),
            });
            Layer::new()
        }
    }
}

/// What the text of a configuration file says. A file that is not TOML says nothing.
pub(super) fn from_text(path: &Path, text: &str, problems: &mut Vec<Problem>) -> Layer {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut walk = Walk { path, text, layer: Layer::new(), problems };
    if errors.is_empty() {
        walk.table("", document.get_ref());
    }
    for error in errors {
        let source = walk.source(error.span().map_or(0, |span| span.start));
        let message = format!("not valid TOML: {}", error.message().replace('\n', ", "));
        let cure = "correct this line; texts stand in quotes, as in key = \"value\"".to_owned();
        walk.problems.push(Problem { source, key: None, message, cure });
    }
    walk.layer
}

/// The way through the tables of a file.
struct Walk<'a> {
    path: &'a Path,
    text: &'a str,
    layer: Layer,
    problems: &'a mut Vec<Problem>,
}

impl Walk<'_> {
    fn source(&self, offset: usize) -> Source {
        let before = self.text.as_bytes().get(..offset).unwrap_or(self.text.as_bytes());
        Source::line(self.path, 1 + before.iter().filter(|byte| **byte == b'\n').count())
    }

    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let source = self.source(name.span().start);
            // A name with a dot of its own was quoted, and is never part of a known key.
            let quoted = name.get_ref().contains('.');
            let name = if quoted { format!("{:?}", name.get_ref()) } else { name.get_ref().to_string() };
            let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            self.entry(key, value, source);
        }
    }

    fn entry(&mut self, key: String, value: &Spanned<DeValue<'_>>, source: Source) {
        match value.get_ref() {
            DeValue::Table(table) if is_table(&key) => self.table(&key, table),
            _ if is_known(&key) => {
                self.layer.insert(key, (Given::from_toml(value.get_ref()), source));
            }
            _ if is_table(&key) => self.problems.push(Problem {
                message: format!("{key} is a table of settings, and not a single value or a list"),
                cure: format!("write [{key}] and the settings below it"),
                key: Some(key),
                source,
            }),
            DeValue::Table(_) => self.problems.push(Problem {
                message: format!("unknown table [{key}]"),
                cure: format!("the nearest known table is [{}]", nearest::table(&key)),
                key: Some(key),
                source,
            }),
            _ => self.problems.push(Problem {
                message: format!("unknown key {key}"),
                cure: format!("the nearest known key is {}", nearest::key(&key.replace('"', ""))),
                key: Some(key),
                source,
            }),
        }
    }
}

/// What the environment says: every `VESTIBULE_<TABLE>__<KEY>`.
///
/// Names without a double underline are left alone (Kubernetes makes `VESTIBULE_PORT` and the like for a service of that
/// name), except those that would be a setting's with one more underline.
pub(super) fn from_environment(environment: &Environment, problems: &mut Vec<Problem>) -> Layer {
    let mut layer = Layer::new();
    for (name, value) in environment {
        let Some(name) = name.to_str().filter(|name| name.starts_with("VESTIBULE_")) else { continue };
        if name == "VESTIBULE_CONFIG" || name.starts_with("VESTIBULE_TEST_") {
            continue;
        }
        let source = Source::Environment(name.to_owned());
        let key = name["VESTIBULE_".len()..].replace("__", ".").to_lowercase();
        let known = is_known(&key) && variable(&key) == name;
        match value.to_str() {
            Some(value) if known => {
                layer.insert(key, (Given::Bare(value.to_owned()), source));
            }
            None if known => problems.push(Problem {
                source,
                message: format!("{key} is not UTF-8"),
                key: Some(key),
                cure: "set the variable to a text in UTF-8".to_owned(),
            }),
            _ => problems.extend(unknown_variable(name, source)),
        }
    }
    layer
}

fn unknown_variable(name: &str, source: Source) -> Option<Problem> {
    let nearest = nearest::environment_variable(name);
    let slipped = nearest.replace("__", "_").eq_ignore_ascii_case(&name.replace("__", "_"));
    (name.contains("__") || slipped).then(|| Problem {
        source,
        key: None,
        message: "no setting has this variable".to_owned(),
        cure: format!("the nearest known variable is {nearest}; correct the name, or unset it"),
    })
}

/// Puts what the environment says above what the file says, and reads secrets from their files.
pub(super) fn merge(layers: [Layer; 2], problems: &mut Vec<Problem>) -> Layer {
    let mut merged = Layer::new();
    for mut layer in layers {
        let (files, values): (Layer, Layer) =
            std::mem::take(&mut layer).into_iter().partition(|(key, _)| find(key).is_none());
        for (file_key, (given, source)) in files {
            let key = file_key.trim_end_matches("_file").to_owned();
            if values.contains_key(&key) {
                problems.push(Problem {
                    source,
                    message: format!("both {key} and {file_key} are given"),
                    key: Some(file_key),
                    cure: "leave one of them out".to_owned(),
                });
            } else if let Entry::Vacant(vacant) = merged.entry(key) {
                match read_secret(&file_key, &given, source) {
                    Ok(secret) => drop(vacant.insert(secret)),
                    Err(problem) => problems.push(problem),
                }
            }
        }
        for (key, value) in values {
            merged.entry(key).or_insert(value);
        }
    }
    merged
}

/// Reads a secret from the file that `given` names. A line end after it does not belong to it.
fn read_secret(file_key: &str, given: &Given, source: Source) -> Result<(Given, Source), Problem> {
    let problem = |message: String, cure: &str| Problem {
        source: source.clone(),
        key: Some(file_key.to_owned()),
        message,
        cure: cure.to_owned(),
    };
    let Some(path) = given.text().filter(|path| !path.is_empty()).map(PathBuf::from) else {
        return Err(problem(format!("{file_key} is {}", given.in_words(false)), "expected a path in quotes"));
    };
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let message = format!("{file_key} names {}, which cannot be read: {error}", path.display());
        problem(message, "mount or make that file, or correct the path")
    })?;
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        return Err(problem(format!("{file_key} names {}, which is empty", path.display()), "put the value into it"));
    }
    let given = Given::Bare(text.to_owned());
    Ok((given, Source::SecretFile { path, named_by: Box::new(source) }))
}
