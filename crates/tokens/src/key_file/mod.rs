//! The file of the key-encryption key: what it looks like, who may read it, and how it comes to be without ever being half
//! written or made twice.

mod error;

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use vestibule_core::{Random, Vault};
use zeroize::Zeroizing;

pub use self::error::KeyFileError;

/// The file's name in `keys.dir`.
const NAME: &str = "key-encryption.key";
/// A key is 44 characters; whatever is much longer is another file.
const LONGEST: u64 = 256;

/// Where the key-encryption key lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    path: PathBuf,
    provided: bool,
}

impl KeyFile {
    /// In `dir` (`keys.dir`), or at `provided` (`keys.encryption_key_file`) where that is set.
    #[must_use]
    pub fn at(dir: &Path, provided: Option<&Path>) -> Self {
        match provided {
            Some(path) => Self { path: path.to_owned(), provided: true },
            None => Self { path: dir.join(NAME), provided: false },
        }
    }

    /// The file's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file is someone else's (`keys.encryption_key_file`): then it is neither made nor replaced here.
    #[must_use]
    pub fn is_provided(&self) -> bool {
        self.provided
    }

    /// Reads the key; `None` where there is no file in `keys.dir`.
    ///
    /// # Errors
    /// A file that is no key, that others may read, or that cannot be read; a provided file that is missing.
    pub fn load(&self) -> Result<Option<Vault>, KeyFileError> {
        let found = self.read(&self.path)?;
        if found.is_none() && self.provided {
            return Err(KeyFileError::NotProvided { path: self.path.clone() });
        }
        Ok(found)
    }

    /// Makes a key, mode 0600, unless another process has made one meanwhile: then that one is read.
    pub(crate) fn create(&self, random: &Random) -> Result<Vault, KeyFileError> {
        self.create_at(&self.path, random)
    }

    /// Makes the key that is to replace this one, beside it, or reads the one that an interrupted change left.
    pub(crate) fn create_next(&self, random: &Random) -> Result<Vault, KeyFileError> {
        self.create_at(&self.next_path(), random)
    }

    /// Reads the key that is to replace this one.
    pub(crate) fn load_next(&self) -> Result<Option<Vault>, KeyFileError> {
        self.read(&self.next_path())
    }

    /// Puts the next key in the place of this one.
    pub(crate) fn install_next(&self) -> Result<(), KeyFileError> {
        fs::rename(self.next_path(), &self.path).map_err(|source| failed("replace", &self.path, source))?;
        sync_folder(&self.path)
    }

    fn next_path(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".next");
        name.into()
    }

    fn read(&self, path: &Path) -> Result<Option<Vault>, KeyFileError> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed("read", path, source)),
        };
        self.check_mode(path, &file)?;
        let mut text = Zeroizing::new(String::new());
        match Read::by_ref(&mut file).take(LONGEST).read_to_string(&mut text) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
            Err(source) => return Err(failed("read", path, source)),
            Ok(_) => {
                if let Some(key) = parse(&text) {
                    return Ok(Some(Vault::new(&key)));
                }
            }
        }
        Err(KeyFileError::Malformed { path: path.to_owned() })
    }

    /// Ours belongs to our account alone. A mounted secret has the mode its platform gives it (Docker: 0444, Kubernetes: 0644),
    /// where the container is the wall; so that is only told.
    fn check_mode(&self, path: &Path, file: &File) -> Result<(), KeyFileError> {
        let metadata = file.metadata().map_err(|source| failed("read", path, source))?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 == 0 {
            return Ok(());
        }
        if !self.provided {
            return Err(KeyFileError::Exposed { path: path.to_owned(), mode });
        }
        if mode & 0o007 != 0 {
            tracing::warn!(path = %path.display(), mode = %format_args!("{mode:04o}"),
                "the key-encryption key can be read by every account of this machine or container");
        }
        Ok(())
    }

    /// Writes the whole file under another name and then gives it its own, which fails where that is taken: nobody ever
    /// reads half a key, and of several processes that start at once one makes it.
    fn create_at(&self, path: &Path, random: &Random) -> Result<Vault, KeyFileError> {
        if let Some(folder) = folder_of(path) {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|source| failed("make the folder", folder, source))?;
        }
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}", random.token()));
        let scratch = PathBuf::from(name);
        let written = write_key(&scratch, random).map_err(|source| failed("write", &scratch, source));
        let linked = written.and_then(|()| match fs::hard_link(&scratch, path) {
            Err(source) if source.kind() != io::ErrorKind::AlreadyExists => Err(failed("make", path, source)),
            _ => sync_folder(path),
        });
        // Whatever came of it, the other name is not needed any more.
        let _ = fs::remove_file(&scratch);
        linked?;
        self.read(path)?.ok_or_else(|| failed("read", path, io::ErrorKind::NotFound.into()))
    }
}

/// 32 bytes in base64url; the other alphabet and padding are understood too, since `openssl rand -base64 32` gives those.
fn parse(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let plain: Zeroizing<String> = Zeroizing::new(
        text.trim_ascii()
            .trim_end_matches('=')
            .chars()
            .map(|c| match c {
                '+' => '-',
                '/' => '_',
                other => other,
            })
            .collect(),
    );
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(plain.as_bytes()).ok()?);
    let key: &[u8; 32] = bytes.as_slice().try_into().ok()?;
    Some(Zeroizing::new(*key))
}

fn write_key(path: &Path, random: &Random) -> io::Result<()> {
    let mut key = Zeroizing::new([0; 32]);
    random.fill(&mut *key);
    let mut text = Zeroizing::new(String::with_capacity(48));
    URL_SAFE_NO_PAD.encode_string(*key, &mut text);
    text.push('\n');
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    // Whatever the umask took away from the mode is given back; it adds nothing.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A new name lasts once its folder is on the disk.
fn sync_folder(path: &Path) -> Result<(), KeyFileError> {
    let folder = folder_of(path).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| failed("write", folder, source))
}

fn folder_of(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}

fn failed(doing: &'static str, path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Io { doing, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, KeyFile) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = KeyFile::at(&folder.path().join("keys"), None);
        (folder, file)
    }

    #[test]
    fn a_key_is_made_once_for_our_account_alone_and_read_again() {
        let (_folder, file) = folder();
        assert!(file.load().expect("no file yet").is_none());
        let made = file.create(&Random::system()).expect("made");
        let again = file.create(&Random::system()).expect("the same");
        assert_eq!((made.key_id(), file.load().unwrap().unwrap().key_id()), (again.key_id(), again.key_id()));
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::read_to_string(file.path()).unwrap().ends_with('\n'));
        assert_eq!(fs::read_dir(file.path().parent().unwrap()).unwrap().count(), 1, "nothing else is left there");
    }

    #[test]
    fn of_fifty_that_make_it_at_once_all_read_one_key() {
        let (_folder, file) = folder();
        let makers: Vec<_> = (0..50)
            .map(|_| {
                let file = file.clone();
                std::thread::spawn(move || file.create(&Random::system()).expect("made or read").key_id())
            })
            .collect();
        let ids: std::collections::HashSet<_> = makers.into_iter().map(|maker| maker.join().unwrap()).collect();
        assert_eq!(ids.len(), 1);
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let (_folder, file) = folder();
        file.create(&Random::system()).expect("made");
        fs::set_permissions(file.path(), Permissions::from_mode(0o640)).unwrap();
        let refused = file.load().expect_err("exposed").to_string();
        assert!(refused.contains("mode 0640") && refused.contains("chmod 600"), "{refused}");
    }

    #[test]
    fn a_provided_key_may_have_its_platforms_mode_but_must_exist() {
        let (folder, file) = folder();
        file.create(&Random::system()).expect("made");
        fs::set_permissions(file.path(), Permissions::from_mode(0o444)).unwrap();
        assert!(KeyFile::at(folder.path(), Some(file.path())).load().expect("readable").is_some());
        let missing = KeyFile::at(folder.path(), Some(&folder.path().join("nowhere")));
        assert!(matches!(missing.load(), Err(KeyFileError::NotProvided { .. })));
    }

    #[test]
    fn what_is_no_key_is_refused_by_name() {
        let (_folder, file) = folder();
        file.create(&Random::system()).expect("made");
        let cases: [&[u8]; 5] =
            [b"", b"too short", b"\xff\xfe", &[b'A'; 4096], b"AAAA AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"];
        for text in cases {
            fs::write(file.path(), text).unwrap();
            assert!(matches!(file.load(), Err(KeyFileError::Malformed { .. })), "{text:?}");
        }
    }

    #[test]
    fn a_key_made_with_openssl_is_understood() {
        let (key, same) = ([0xfb_u8; 32], "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=\n");
        assert_eq!(parse(same).as_deref(), Some(&key));
    }
}
