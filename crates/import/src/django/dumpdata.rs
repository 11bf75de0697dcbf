//! Reading what `manage.py dumpdata` wrote: an array of records, or (`--format jsonl`) one record a line.
//!
//! The file is read as a stream, one record at a time, and only what a site is made of is kept.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::Value;

use super::{Choice, ReadError, Site, collect::Collector};

/// Reads a dump from a file.
///
/// # Errors
/// A file that cannot be read, is no dump, or holds no users. What is wrong with single records is told in the site.
pub fn read_dump_file(path: &Path, choice: &Choice) -> Result<Site, ReadError> {
    let shown = || path.display().to_string();
    let file = File::open(path).map_err(|source| ReadError::File { path: shown(), source })?;
    read_dump(BufReader::with_capacity(1 << 20, file), choice).map_err(|error| match error {
        ReadError::File { source, .. } => ReadError::File { path: shown(), source },
        other => other,
    })
}

/// Reads a dump.
///
/// # Errors
/// As [`read_dump_file`].
pub fn read_dump(mut source: impl BufRead, choice: &Choice) -> Result<Site, ReadError> {
    let failed = |source: io::Error| ReadError::File { path: "the dump".to_owned(), source };
    let mut collector = Collector::new(choice);
    match first_byte(&mut source).map_err(failed)? {
        Some(b'{') => {
            let lines = serde_json::Deserializer::from_reader(source).into_iter::<Value>();
            for (number, record) in (1..).zip(lines) {
                collector.take_value(number, record.map_err(refused)?);
            }
        }
        _ => {
            let mut json = serde_json::Deserializer::from_reader(source);
            json.deserialize_seq(Records(&mut collector)).map_err(refused)?;
            json.end().map_err(refused)?;
        }
    }
    collector.finish()
}

fn refused(error: serde_json::Error) -> ReadError {
    if error.is_io() {
        ReadError::File { path: "the dump".to_owned(), source: error.into() }
    } else {
        ReadError::NotADump(error.to_string())
    }
}

/// What comes after a byte order mark (Windows' shells write one) and blanks.
fn first_byte(source: &mut impl BufRead) -> io::Result<Option<u8>> {
    if source.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        source.consume(3);
    }
    loop {
        match source.fill_buf()?.first() {
            Some(byte) if byte.is_ascii_whitespace() => source.consume(1),
            other => return Ok(other.copied()),
        }
    }
}

/// Hands each element of the array to the collector as it comes.
struct Records<'a, 'b>(&'a mut Collector<'b>);

impl<'de> Visitor<'de> for Records<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(record) = records.next_element::<Value>()? {
            number += 1;
            self.0.take_value(number, record);
        }
        Ok(())
    }
}
