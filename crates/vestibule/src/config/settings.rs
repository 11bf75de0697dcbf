//! Every setting, once: its key, type, default, bounds and documentation.
//!
//! From this table come the typed [`Config`], what the parser and the environment accept, `config show`, `config reference`
//! and `docs/configuration.md`. The first paragraph of a setting's documentation says what it is, the rest when to change it.

use std::{path::PathBuf, time::Duration};

use vestibule_oidc::{documents::AllowedAddress, registration::StatementIssuer};
use vestibule_tokens::SigningAlgorithm;

use super::{
    ByteSize, CertificateField, DatabaseUrl, Given, GrantType, LevelLine, ListenAddresses, LogFormat, LogLevel,
    MailTransport, Networks, Ordered, Password, PasswordRuleName, PublicUrl, RedisUrl, RegistrationMode, ScopeName,
    SecondFactorMode, SignInIdentifier, SmtpSecurity, WayToAuthenticate, read::Reader, value::Value,
};

/// One row of the table.
#[derive(Debug)]
pub struct Setting {
    /// The key with its tables, such as `http.tls.key`.
    pub key: &'static str,
    /// What it is and when to change it, line by line.
    pub doc: &'static [&'static str],
    /// What it is when nobody says anything, as TOML; `None` for a setting that is then not set.
    pub default: Option<&'static str>,
    /// A value to show for a setting without a default, as TOML.
    pub example: Option<&'static str>,
    /// The least and the greatest value, as TOML, both allowed.
    pub range: Option<(&'static str, &'static str)>,
    /// Whether it may hold a secret: then `<key>_file` names a file to read it from.
    pub secret: bool,
    /// The form of its value, in words.
    pub expected: &'static str,
}

/// One table of the configuration file, and what it is about.
#[derive(Debug)]
pub struct Section {
    /// The table's name, such as `http`.
    pub name: &'static str,
    /// What it is about, line by line.
    pub doc: &'static [&'static str],
}

/// What is there of an optional part of a row.
macro_rules! optional {
    () => {
        None
    };
    ($part:tt) => {
        Some(stringify!($part))
    };
    ($one:tt $other:tt) => {
        Some((stringify!($one), stringify!($other)))
    };
}

/// Whether a row is marked as a secret.
macro_rules! marked {
    () => {
        false
    };
    (secret) => {
        true
    };
}

macro_rules! settings {
    ($(
        $(#[doc = $section_doc:literal])*
        $section:ident: $Section:ident {$(
            $(#[doc = $doc:literal])*
            $($secret:ident)? $key:literal $field:ident: $type:ty
                $(= $default:tt)? $(, such as $example:tt)? $(, from $least:tt to $greatest:tt)?;
        )*}
    )*) => {
        /// The settings, in the order in which they are documented.
        pub const SETTINGS: &[Setting] = &[$($(
            Setting {
                key: $key,
                doc: &[$($doc),*],
                default: optional!($($default)?),
                example: optional!($($example)?),
                range: optional!($($least $greatest)?),
                secret: marked!($($secret)?),
                expected: <$type as Value>::EXPECTED,
            },
        )*)*];

        /// The tables, in the same order.
        pub const SECTIONS: &[Section] = &[$(Section { name: stringify!($section), doc: &[$($section_doc),*] },)*];

        /// The whole configuration: checked, with a value for everything.
        #[derive(Clone, Debug)]
        pub struct Config {$(
            $(#[doc = $section_doc])*
            pub $section: $Section,
        )*}

        impl Config {
            /// Reads each setting. What is wrong is noted at the reader, and the default taken in its place.
            pub(super) fn read(reader: &mut Reader) -> Self {
                Self { $($section: $Section { $($field: reader.setting($key),)* },)* }
            }

            /// The value of each setting as it is written, secrets hidden, in the order of [`SETTINGS`].
            pub(super) fn written(&self) -> Vec<Option<Given>> {
                vec![$($(self.$section.$field.written(),)*)*]
            }
        }

        $(
            $(#[doc = $section_doc])*
            #[derive(Clone, Debug)]
            pub struct $Section {$(
                $(#[doc = $doc])*
                pub $field: $type,
            )*}
        )*
    };
}

settings! {
    /// How the provider is reached.
    http: Http {
        /// The address to listen on, or a list of several. A name stands for each address that it has: `localhost` listens on
        /// both 127.0.0.1 and ::1.
        ///
        /// Change it to `0.0.0.0:8080` or `[::]:8080` to be reached from other machines.
        "http.listen" listen: ListenAddresses = "localhost:8080";

        /// The URL by which browsers and applications reach the provider: the issuer that stands in every token. Scheme, host
        /// and port only. It never follows what a request says.
        ///
        /// Set it before the first application connects; a later change makes every application's settings wrong. Over
        /// plain HTTP it must name this machine (`localhost`, 127.0.0.1 or ::1), and cookies go without `Secure`.
        "http.public_url" public_url: PublicUrl = "http://localhost:8080";

        /// Whether `http.public_url` may be plain HTTP on a host other than this machine.
        ///
        /// Only for a closed test network: passwords and tokens then cross it for everyone to read.
        "http.allow_insecure" allow_insecure: bool = false;

        /// The addresses or networks (CIDR) of the reverse proxies in front. Forwarding headers from these peers count, and
        /// from no other.
        ///
        /// Set it behind a proxy, else every visitor seems to have the proxy's address.
        "http.trusted_proxies" trusted_proxies: Networks = [];

        /// The longest request body.
        ///
        /// Nothing that the provider takes comes near the default.
        "http.max_body" max_body: ByteSize = "64KiB", from "1KiB" to "16MiB";

        /// How long a client may take to send the head of a request.
        ///
        /// Shorten it to shed slow clients sooner.
        "http.header_timeout" header_timeout: Duration = "10s", from "100ms" to "5m";

        /// How long a request may take in all, its body and the answer included.
        ///
        /// Keep it above the slowest sign-in that you accept under load.
        "http.request_timeout" request_timeout: Duration = "30s", from "100ms" to "10m";

        /// How long requests under way may go on after SIGTERM before they are cut off.
        ///
        /// Keep it below the grace period of what stops the provider (30 s in Kubernetes, 90 s in systemd).
        "http.drain_timeout" drain_timeout: Duration = "10s", from "0s" to "10m";

        /// How many connections may be open at once; more wait to be accepted.
        ///
        /// Each takes an open file: raise the limit of the process (`ulimit -n`, usually 1024) with it.
        "http.max_connections" max_connections: usize = 900, from 1 to 1000000;

        /// The addresses or networks (CIDR) from which `/metrics` may be read.
        ///
        /// Name the network of your monitoring here. Nobody else learns that there are metrics.
        "http.metrics.allow" metrics_allow: Networks = ["127.0.0.0/8", "::1/128"];

        /// A PEM file with the certificate and its chain: with `http.tls.key`, HTTPS is served directly.
        ///
        /// Leave both out behind a proxy that ends TLS. The files of `http.tls` and `http.mtls` are looked at every two seconds,
        /// and at SIGHUP: new connections get what they hold then, and those that are there go on. Where certificate and key do
        /// not belong together, an error is logged and what was read before is served on. Other settings are read at the start.
        "http.tls.certificate" tls_certificate: Option<PathBuf>, such as "/etc/vestibule/tls/fullchain.pem";

        /// A PEM file with the certificate's private key.
        "http.tls.key" tls_key: Option<PathBuf>, such as "/etc/vestibule/tls/key.pem";

        /// A second address to listen on, over HTTPS, which asks for a client certificate.
        ///
        /// Set it for people who sign in with a smart card (`authentication.ways` with `certificate`), and for applications that
        /// prove themselves by a certificate or bind their tokens to one.
        "http.mtls.listen" mtls_listen: Option<ListenAddresses>, such as "0.0.0.0:8443";

        /// The certification authorities whose client certificates count there, as PEM. Others are let in too, and count only for
        /// applications that registered them one by one, or that bind their tokens to them.
        "http.mtls.client_ca" mtls_client_ca: Option<PathBuf>, such as "/etc/vestibule/tls/people-ca.pem";

        /// The header in which one of `http.trusted_proxies` forwards a client certificate that it has verified: PEM in
        /// URL encoding, or as RFC 9440 says. From anyone else the header means nothing.
        ///
        /// The proxy must remove the header from what it gets itself.
        "http.mtls.forwarded_header" mtls_forwarded_header: Option<String>, such as "client-cert";
    }

    /// What lasts: users, applications, keys, consents.
    database: Database {
        /// Where the database is: `sqlite://` and a path (from the working directory, or absolute with three slashes), or
        /// `postgres://user:password@host/name`.
        ///
        /// SQLite serves one machine well. Take PostgreSQL for several replicas.
        secret "database.url" url: DatabaseUrl = "sqlite://data/vestibule.db";

        /// How many connections to PostgreSQL are kept at most. SQLite has one for writing and a few for reading, whatever
        /// this says.
        ///
        /// The sum over all replicas must stay below PostgreSQL's own `max_connections`.
        "database.max_connections" max_connections: u32 = 8, from 1 to 1000;
    }

    /// What expires: sessions, authorization codes, waiting requests. In Redis, if it is named here.
    redis: Redis {
        /// Where Redis (7.0 or later) or Valkey is. Not set, an embedded store is used, which belongs to one process.
        ///
        /// Set it for several replicas.
        secret "redis.url" url: Option<RedisUrl>, such as "redis://:password@localhost:6379";

        /// What the names of all keys in Redis begin with.
        ///
        /// Change it where several installations share one Redis.
        "redis.prefix" prefix: String = "vestibule:";
    }

    /// The embedded store of what expires, where no Redis is named.
    ephemeral: Ephemeral {
        /// The file of the embedded store. The serving process holds it alone.
        "ephemeral.path" path: PathBuf = "data/ephemeral.db";
    }

    /// Signing keys, and the key-encryption key that seals them in the database.
    keys: Keys {
        /// The directory of the key-encryption key. One is made there on the first run, and only while the database holds
        /// nothing sealed.
        ///
        /// Keep a copy of it apart from the database's: without it, what is sealed is lost.
        "keys.dir" dir: PathBuf = "keys";

        /// A file with the key-encryption key, used in place of `keys.dir`; none is ever made here.
        ///
        /// Set it to a mounted secret where several replicas need the same key.
        "keys.encryption_key_file" encryption_key_file: Option<PathBuf>, such as "/run/secrets/vestibule-key";

        /// What is signed with: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA. Each has keys of its own, which are
        /// made when the provider starts with it, published and rotated. RS256 is always among them.
        ///
        /// Applications register for any of these, and each key makes the published set longer for everyone: name what is needed.
        /// One that is left out again signs no more at once, and its keys verify for another day; applications that are registered
        /// for it get no tokens until they register for another. The secret of an application (HS256, HS384, HS512) needs no key
        /// here.
        "keys.algorithms" algorithms: Ordered<SigningAlgorithm> = ["RS256", "ES256", "EdDSA"];

        /// How long a new signing key is published before it signs.
        ///
        /// Keep it above the time for which applications cache the published keys.
        "keys.publish_ahead" publish_ahead: Duration = "10m", from "0s" to "30d";

        /// After what time a signing key is followed by a new one of its algorithm; `0s` leaves that to `vestibule keys rotate`.
        ///
        /// The new key is published for `keys.publish_ahead` before it signs, and the old one verifies for a day after it has
        /// signed its last.
        "keys.rotate_every" rotate_every: Duration = "90d", from "0s" to "3650d";
    }

    /// The tokens that applications get.
    tokens: Tokens {
        /// How long an access token is good for.
        ///
        /// Resource servers that check signatures alone learn of a revocation only when the token has expired: keep it short.
        "tokens.access_token_lifetime" access_token_lifetime: Duration = "10m", from "1s" to "24h";

        /// How long an ID token is good for.
        "tokens.id_token_lifetime" id_token_lifetime: Duration = "1h", from "1s" to "24h";

        /// What access tokens are signed with, where an API does not say otherwise: one of `keys.algorithms`.
        ///
        /// Take RS256 or another of RSA only for resource servers that know nothing else: it costs some thirty times as much.
        "tokens.access_token_alg" access_token_alg: SigningAlgorithm = "ES256";

        /// How many may listen to the stream of revocations at once, on each replica; one client a quarter of that.
        "tokens.revocation_streams" revocation_streams: u32 = 200, from 1 to 100000;

        /// How long the same application may repeat a spent refresh token and get the same successor: an answer that was lost
        /// on the way loses nothing, and tabs that refresh at the same moment hold one token.
        ///
        /// After it, a spent token that comes again ends the grant for everyone who holds it.
        "tokens.refresh_retry" refresh_retry: Duration = "60s", from "0s" to "1h";

        /// How long an application may stay away before its refresh token is good no more.
        "tokens.refresh_idle" refresh_idle: Duration = "30d", from "1s" to "3650d";

        /// How long refresh tokens can be used at most before the person is asked again. One that was not given for
        /// `offline_access` ends with the browser session before that.
        "tokens.refresh_absolute" refresh_absolute: Duration = "365d", from "1s" to "3650d";
        /// The memory for access tokens that were seen: each takes about 1 KiB, and costs a signature less the next time.
        "tokens.cache" cache: ByteSize = "16MiB", from "1MiB" to "4096MiB";
    }

    /// The protocol's own choices.
    oidc: Oidc {
        /// Whether an application made here must use PKCE (RFC 7636) unless it is registered otherwise. Public applications
        /// always must.
        "oidc.require_pkce" require_pkce: bool = true;

        /// Whether the authorization endpoint gives ID tokens and access tokens through the browser (the implicit and hybrid flows),
        /// to applications that registered for such a response type.
        ///
        /// Switch it off where no application needs it: the code flow with PKCE does all that they do, and leaves no token in a
        /// browser's history.
        "oidc.implicit" implicit: bool = true;

        /// Whether the assertion by which an application proves itself (`private_key_jwt`, `client_secret_jwt`) may name
        /// nobody but the issuer as its audience. Otherwise the token endpoint will do too, alone or with the issuer; anybody
        /// else is refused in any case.
        ///
        /// Set it where all applications follow FAPI 2.0 or the revision of RFC 7523.
        "oidc.strict_assertion_audience" strict_assertion_audience: bool = false;

        /// Whether every application must push its authorization requests (RFC 9126) before it sends a browser. One application
        /// alone is registered with `require_pushed_authorization_requests`.
        "oidc.require_pushed_authorization_requests" require_pushed_authorization_requests: bool = false;

        /// How long a browser may come with the `request_uri` of a pushed request.
        ///
        /// An application sends the browser at once. Whoever has opened it has the usual time to sign in.
        "oidc.pushed_request_lifetime" pushed_request_lifetime: Duration = "2m", from "5s" to "10m";

        /// Whether every authorization request must be a signed request object (RFC 9101). One application alone is registered
        /// with `require_signed_request_object`.
        "oidc.require_signed_request_object" require_signed_request_object: bool = false;

        /// Whether DPoP proofs (RFC 9449) must carry a nonce of the provider's.
        ///
        /// A proof is taken once, and for two minutes, in any case. A nonce besides keeps proofs from being made in advance, by
        /// somebody who has an application's key for a while. It costs each client one request more now and then.
        "oidc.dpop_nonce" dpop_nonce: bool = false;
        /// The memory for applications, APIs and people that were looked up.
        "oidc.cache" cache: ByteSize = "16MiB", from "1MiB" to "4096MiB";
    }

    /// Applications that register themselves (RFC 7591).
    registration: Registration {
        /// Who may register an application at `/oauth2/register`: nobody but administrators (`off`), who has an initial access
        /// token (`token`; `vestibule clients initial-access-tokens` makes them), or anybody (`open`).
        "registration.mode" mode: RegistrationMode = "off";

        /// Whether confidential applications that register themselves must use PKCE. Public ones always must.
        "registration.require_pkce" require_pkce: bool = false;

        /// The scopes that such an application may ask people for. Of what one names, the rest is left out.
        "registration.scopes" scopes: Ordered<ScopeName> = ["openid", "profile", "email", "address", "phone", "offline_access"];

        /// The grants that such an application may use. Those by which an application acts for itself are best left to
        /// administrators.
        "registration.grant_types" grant_types: Ordered<GrantType> = ["authorization_code", "implicit", "refresh_token"];

        /// How many applications can be registered in an hour from one address, where anybody may.
        "registration.hourly_limit" hourly_limit: u32 = 1000, from 1 to 1000000;

        /// Whose software statements (RFC 7591 section 2.3) count, each as its issuer, a blank, and the URL of its keys. What such
        /// an issuer has signed of an application counts before what the application says of itself.
        ///
        /// Where it is empty, software statements are ignored.
        "registration.statement_issuers" statement_issuers: Ordered<StatementIssuer> = [];

        /// Whether each application that registers itself must bring such a statement.
        ///
        /// With `registration.mode` open, it lets an application register in place of an initial access token; with token, both are
        /// needed.
        "registration.require_software_statement" require_software_statement: bool = false;

        /// After what time an application is forgotten that registered itself and that nobody ever allowed anything.
        "registration.unused_lifetime" unused_lifetime: Duration = "30d", from "1h" to "3650d";
    }

    /// Applications whose `client_id` is the address of a document that says what they are.
    client_documents: ClientDocuments {
        /// The addresses that count: a host (`app.example`), the hosts below a name (`*.app.example`), a prefix
        /// (`https://app.example/apps/`), or any over https (`*`).
        ///
        /// Where it is empty, there are no such applications. Whoever can publish at one of these addresses can ask people here
        /// for what `registration.scopes` holds. `*` lets in everybody, as assistants that connect to anything (MCP) expect.
        "client_documents.allow" allow: Ordered<AllowedAddress> = [];

        /// For how long a document is not fetched again at least, whatever it says.
        "client_documents.shortest_cache" shortest_cache: Duration = "5m", from "10s" to "24h";

        /// For how long at most: so long may an application go on by what its document said before.
        "client_documents.longest_cache" longest_cache: Duration = "24h", from "1m" to "7d";

        /// How many such applications there can be. Those that nobody allowed anything are forgotten after a day.
        "client_documents.most" most: u32 = 10000, from 1 to 10000000;
    }

    /// How long people stay signed in.
    sessions: Sessions {
        /// How long a session lasts without being used.
        "sessions.idle" idle: Duration = "8h", from "1s" to "365d";

        /// How long a session lasts at most, used or not.
        "sessions.absolute" absolute: Duration = "24h", from "1s" to "365d";

        /// `sessions.idle` for people who chose to stay signed in.
        "sessions.keep_idle" keep_idle: Duration = "14d", from "1s" to "365d";

        /// `sessions.absolute` for people who chose to stay signed in.
        "sessions.keep_absolute" keep_absolute: Duration = "30d", from "1s" to "365d";
    }

    /// People and their accounts.
    users: Users {
        /// What a person may name themselves by to sign in: `username`, `email`, `phone`.
        "users.sign_in_with" sign_in_with: Ordered<SignInIdentifier> = ["username", "email"];

        /// Whether people may make an account for themselves. It exists once they have followed a link that was sent to
        /// their e-mail address.
        "users.registration" registration: bool = false;

        /// How long the link to choose a new password is good for.
        "users.recovery_link" recovery_link: Duration = "30m", from "1m" to "24h";

        /// How long the link to verify an e-mail address is good for.
        "users.verification_link" verification_link: Duration = "24h", from "1m" to "7d";
    }

    /// How people prove who they are.
    authentication: Authentication {
        /// The ways, in the order in which they are tried: `password`, `api_token` (for the administration API),
        /// `remote_user` and `certificate`.
        "authentication.ways" ways: Ordered<WayToAuthenticate> = ["password", "api_token"];

        /// Who is asked for a second factor: `never`, `enrolled` (whoever has one), `staff` (they must have one; others as
        /// with `enrolled`) or `always`. A person, a group and an application can demand one beside that.
        "authentication.second_factor" second_factor: SecondFactorMode = "enrolled";

        /// The levels of a sign-in, from the lowest to the highest: each has the name by which applications ask for it and are
        /// told of it (`acr`), and what it needs. That is `any` for any way to sign in; or `password`, `certificate` (a client
        /// certificate) and `second_factor` (the code of an app, or a recovery code), where `certificate` does not go with
        /// `password`; and besides, where it says `within 10m`, that the person signed in no longer ago. People reach the highest
        /// whose needs are met. A level is refused that nobody could be told, since whoever reaches it reaches a higher one.
        ///
        /// Change it where applications ask for levels by other names, or an API wants a fresh sign-in:
        /// `["bronze any", "silver second_factor", "gold second_factor within 10m"]`.
        "authentication.levels" levels: Ordered<LevelLine> = ["1 any", "2 second_factor"];

        /// The header in which one of `http.trusted_proxies` names the person whom it has authenticated. From anyone else it
        /// means nothing.
        ///
        /// The proxy must remove the header from what it gets itself.
        "authentication.remote_user.header" remote_user_header: Option<String>, such as "remote-user";

        /// Whether a superuser may come by that header.
        "authentication.remote_user.superusers" remote_user_superusers: bool = false;

        /// Where a client certificate names its holder, in the order in which that is looked for: `san_email`, `san_upn`,
        /// `san_uri`, `san_dns`, `subject_cn`, `subject_dn`, `fingerprint`.
        "authentication.certificate.fields" certificate_fields: Ordered<CertificateField> = ["san_email", "san_upn"];
    }

    /// How guessing is slowed down. Nobody is locked out for good, and strangers cannot lock out a person at a browser where
    /// that person has signed in before.
    throttle: Throttle {
        /// The failed tries for one account before the next must wait.
        "throttle.account_tries" account_tries: u32 = 5, from 1 to 1000;

        /// The failed tries from one address (IPv6: from one /64) before the next must wait.
        ///
        /// Raise it where many people sit behind one address.
        "throttle.address_tries" address_tries: u32 = 50, from 1 to 100000;

        /// The longest wait between two tries.
        "throttle.longest_wait" longest_wait: Duration = "5m", from "1s" to "1h";

        /// How long failed tries count.
        "throttle.window" window: Duration = "15m", from "1m" to "24h";
    }

    /// Mail to people: links to choose a new password, to verify an address, and word of changes to their account.
    mail: Mail {
        /// How mail is sent: `smtp`, or `folder`, where each mail becomes a file to look at.
        "mail.transport" transport: MailTransport = "folder";

        /// The folder for `folder`.
        "mail.folder" folder: PathBuf = "data/mail";

        /// Whom mail comes from.
        "mail.from" from: String = "Vestibule <vestibule@localhost>";

        /// The SMTP server's name.
        "mail.smtp.host" smtp_host: String = "localhost";

        /// Its port. Not set, 587 for `starttls`, 465 for `tls` and 25 for `none`.
        "mail.smtp.port" smtp_port: Option<u16>, such as 2525, from 1 to 65535;

        /// How the way there is protected: `starttls`, `tls` or `none`. It is never given up silently.
        "mail.smtp.security" smtp_security: SmtpSecurity = "starttls";

        /// The user name there, where it wants one.
        "mail.smtp.username" smtp_username: Option<String>, such as "vestibule";

        /// The password there.
        secret "mail.smtp.password" smtp_password: Option<Password>, such as "a password";

        /// A certification authority to trust beside the public ones, as PEM.
        "mail.smtp.ca_file" smtp_ca_file: Option<PathBuf>, such as "/etc/vestibule/mail-ca.pem";
    }

    /// What is fetched from addresses that applications name, such as the keys at their `jwks_uri`: over HTTPS, without
    /// following redirects, from the open internet alone.
    fetch: Fetch {
        /// Whether addresses of private networks may be fetched from as well, and this machine over plain HTTP too.
        ///
        /// Only for tests and closed networks: whoever may register an application can then have the provider ask
        /// machines that they cannot reach themselves. Link-local addresses stay closed, and with them the metadata services of
        /// clouds.
        "fetch.allow_private_networks" allow_private_networks: bool = false;

        /// Certification authorities to trust beside the public ones, as PEM.
        "fetch.extra_trust_roots" extra_trust_roots: Option<PathBuf>, such as "/etc/vestibule/internal-ca.pem";
    }

    /// What people may do.
    permissions: Permissions {
        /// The memory for what was looked up of people's permissions.
        "permissions.cache" cache: ByteSize = "32MiB", from "1MiB" to "4096MiB";
    }

    /// The record of what happened.
    audit: Audit {
        /// How long it is kept.
        "audit.retention" retention: Duration = "365d", from "1d" to "3650d";
    }

    /// How passwords are hashed (Argon2id). New values count for new passwords; old hashes keep their own.
    passwords: Passwords {
        /// The memory of one hash, in KiB. The defaults of these three are OWASP's recommendation.
        ///
        /// Raise it as far as sign-ins may take longer. The hashing workers together take `workers` times as much.
        "passwords.memory_kib" memory_kib: u32 = 19456, from 8 to 131072;

        /// The passes over that memory. The two multiplied may come to 1048576 KiB at most.
        "passwords.iterations" iterations: u32 = 2, from 1 to 1024;

        /// The lanes of one hash.
        "passwords.parallelism" parallelism: u32 = 1, from 1 to 16;

        /// How many passwords are hashed at the same time. Not set, one for each processor core.
        ///
        /// Lower it to keep cores free for everything else during a storm of sign-ins.
        "passwords.workers" workers: Option<usize>, such as 2, from 1 to 256;

        /// How many sign-ins may wait for a worker; the next is asked to come back later.
        "passwords.queue" queue: usize = 64, from 1 to 100000;

        /// The fewest characters of a new password.
        "passwords.min_length" min_length: usize = 8, from 8 to 128;

        /// The rules for new passwords, in the order in which they are told: `length`, `similarity` (to the person's own
        /// names), `common` (many people have it), `numeric` (only digits), `strength` (estimated), `history`.
        "passwords.rules" rules: Ordered<PasswordRuleName> = ["length", "similarity", "common", "numeric"];

        /// How hard to guess a new password must be for `strength`: 0 to 4, as zxcvbn counts.
        "passwords.min_strength" min_strength: u8 = 3, from 0 to 4;

        /// How many passwords back `history` looks. The hashes of so many are kept.
        "passwords.history" history: u32 = 5, from 1 to 24;

        /// Whether imported MD5 hashes of passwords may be verified, to be replaced at that sign-in.
        ///
        /// Such hashes can be reversed in hours. Without it, people who have one choose a new password by mail.
        "passwords.accept_md5" accept_md5: bool = false;
    }

    /// How the pages look.
    branding: Branding {
        /// The organisation's name on the pages.
        "branding.name" name: String = "Vestibule";
    }

    /// What is logged, to standard error.
    log: Log {
        /// The form of a line: `text` for people, `json` for machines.
        "log.format" format: LogFormat = "text";

        /// What is logged: off, error, warn, info, debug or trace, and after it levels of single modules, as in
        /// `info,vestibule_server=debug`.
        "log.level" level: LogLevel = "info";
    }
}

/// The setting with this key.
pub(super) fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

impl Setting {
    /// The environment variable that sets it, such as `VESTIBULE_HTTP__TLS__KEY`.
    #[must_use]
    pub fn variable(&self) -> String {
        variable(self.key)
    }

    /// The key of the file that it can be read from, where it is a secret.
    #[must_use]
    pub fn file_key(&self) -> Option<String> {
        self.secret.then(|| format!("{}_file", self.key))
    }

    /// The table that it stands in, such as `http.tls`.
    #[must_use]
    pub fn table(&self) -> &'static str {
        self.key.rsplit_once('.').map_or("", |(table, _)| table)
    }

    /// The key within its table.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.key.rsplit_once('.').map_or(self.key, |(_, name)| name)
    }
}

/// The environment variable for a key.
pub(super) fn variable(key: &str) -> String {
    format!("VESTIBULE_{}", key.to_uppercase().replace('.', "__"))
}
