//! Renders every page in its main states into a folder, to be looked at: `cargo run -p vestibule-server --example gallery -- DIR`.

use std::{env, fs, io, path::PathBuf, time::Duration};

use vestibule_server::pages::{
    App, Choice, Consent, DeviceCode, DeviceConfirm, ErrorPage, Hidden, Home, Label, Logout, Person, ScopeLine,
    SelectAccount, Setup, SignIn, SignInError, SignedOut, WebAddress, stylesheet,
};

#[path = "gallery/account.rs"]
mod account;
#[path = "gallery/account_lists.rs"]
mod account_lists;
#[path = "gallery/ways_in.rs"]
mod ways_in;

fn main() -> io::Result<()> {
    let folder =
        env::args_os().nth(1).map(PathBuf::from).ok_or_else(|| io::Error::other("name a folder to write to"))?;
    fs::create_dir_all(&folder)?;
    let (path, css) = (stylesheet().path.as_str(), stylesheet().bytes);
    fs::write(folder.join("vestibule.css"), css)?;
    for (name, html) in pages() {
        // A page opened from a file has no server to ask for `/assets/…`.
        fs::write(folder.join(format!("{name}.html")), html.replace(path, "vestibule.css"))?;
    }
    Ok(())
}

fn pages() -> Vec<(&'static str, String)> {
    let mut all = sign_in();
    all.extend(consent());
    all.extend(others());
    all.extend(ways_in::pages());
    all.extend(account::pages());
    all.extend(account_lists::pages());
    all
}

fn site() -> Label {
    "Vestibule".into()
}

fn hidden() -> Hidden {
    vec![("csrf", "token".to_owned()), ("request", "id".to_owned())]
}

fn notes() -> App {
    App {
        name: "Notes".into(),
        host: Some("notes.example.com".into()),
        policy_uri: WebAddress::parse("https://notes.example.com/privacy"),
        tos_uri: WebAddress::parse("https://notes.example.com/terms"),
        ..App::default()
    }
}

fn long_app() -> App {
    App {
        name: "The Consolidated Regional Timesheet and Expense Reimbursement Portal (Northern Division)".into(),
        host: Some("timesheets-and-expenses.northern-division.internal.consolidated-regional.example.com".into()),
        policy_uri: WebAddress::parse("https://timesheets.example.com/privacy"),
        ..App::default()
    }
}

fn choice(person: Person) -> Choice {
    Choice { value: "01981f4e-7c1a-7d7c-9b3e-5b1f6f0f9a52".to_owned(), person }
}

fn bob() -> Person {
    Person { name: "Bob".into(), identifier: "bob@example.com".into() }
}

fn alice() -> Person {
    Person { name: "Alice Liddell".into(), identifier: "alice@example.com".into() }
}

fn long_person() -> Person {
    Person {
        name: "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh".into(),
        identifier: "hubert.blaine.wolfeschlegelsteinhausenbergerdorff@philadelphia.example.com".into(),
    }
}

fn sign_in() -> Vec<(&'static str, String)> {
    let plain = SignIn {
        site: site(),
        action: "/login".into(),
        hidden: hidden(),
        app: Some(notes()),
        again: None,
        identifier_label: "Username or e-mail".into(),
        username: Label::default(),
        keep_signed_in: false,
        can_cancel: true,
        recover_link: true,
        register_link: Some("/register".to_owned()),
        certificate_link: Some("https://id.example.com:8443/login".to_owned()),
        error: None,
    };
    let failed = SignIn {
        username: "alice@example.com".into(),
        keep_signed_in: true,
        error: Some(SignInError::WrongCredentials),
        ..plain.clone()
    };
    let busy = SignInError::Busy { retry_after: Duration::from_secs(4) };
    let too_many = SignInError::TooMany { retry_after: Duration::from_secs(30) };
    vec![
        (
            "sign-in-alone",
            SignIn {
                app: None,
                can_cancel: false,
                recover_link: false,
                register_link: None,
                certificate_link: None,
                ..plain.clone()
            }
            .render(),
        ),
        ("sign-in-busy", SignIn { error: Some(busy), ..failed.clone() }.render()),
        ("sign-in-too-many", SignIn { error: Some(too_many), ..failed.clone() }.render()),
        ("sign-in-again", SignIn { again: Some(alice()), ..plain.clone() }.render()),
        ("sign-in-again-failed", SignIn { again: Some(long_person()), ..failed.clone() }.render()),
        ("sign-in-long", SignIn { app: Some(long_app()), ..plain.clone() }.render()),
        ("sign-in-failed", failed.render()),
        ("sign-in", plain.render()),
    ]
}

fn consent() -> Vec<(&'static str, String)> {
    let plain = Consent {
        site: site(),
        action: "/consent".into(),
        hidden: hidden(),
        person: alice(),
        app: notes(),
        scopes: ["openid", "profile", "email"].into_iter().filter_map(ScopeLine::standard).collect(),
    };
    let mut scopes: Vec<_> = vestibule_oidc::STANDARD_SCOPES.into_iter().filter_map(ScopeLine::standard).collect();
    scopes.push(ScopeLine::of_api("notes.read", "Notes", Some("Read all of your notes")));
    scopes.push(ScopeLine::of_api("notes.write", "Notes", Some("Write and change notes in your name, and share them")));
    scopes.push(ScopeLine::of_api("urn:example:timesheets:everything.readwrite.all", "https://api.example.com", None));
    let long = Consent { person: long_person(), app: long_app(), scopes, ..plain.clone() };
    let by_document = App {
        name: "Notes".into(),
        host: Some("127.0.0.1:33418".into()),
        published_at: Some("notes.example.com".into()),
        on_this_device: true,
        ..App::default()
    };
    let documented = Consent { app: by_document, ..plain.clone() };
    let code = DeviceCode {
        site: site(),
        action: "/device".into(),
        hidden: hidden(),
        user_code: Label::default(),
        error: None,
    };
    let wrong = DeviceCode {
        user_code: "BCDF-GHJK".into(),
        error: Some("No device waits under this code. Look at the device again.".into()),
        ..code.clone()
    };
    let confirm = DeviceConfirm {
        site: site(),
        action: "/device".into(),
        hidden: hidden(),
        person: alice(),
        app: App { name: "Harbour TV".into(), ..App::default() },
        user_code: "BCDF-GHJK".into(),
        scopes: ["openid", "offline_access"].into_iter().filter_map(ScopeLine::standard).collect(),
    };
    vec![
        ("consent", plain.render()),
        ("consent-long", long.render()),
        ("consent-documented", documented.render()),
        ("device-code", code.render()),
        ("device-code-failed", wrong.render()),
        ("device-confirm", confirm.render()),
    ]
}

fn others() -> Vec<(&'static str, String)> {
    let choose = SelectAccount {
        site: site(),
        action: "/login".into(),
        hidden: hidden(),
        app: Some(notes()),
        accounts: vec![choice(alice())],
        can_cancel: true,
    };
    let several = SelectAccount { accounts: [alice(), bob(), long_person()].map(choice).into(), ..choose.clone() };
    let logout = Logout {
        site: site(),
        action: "/logout".into(),
        hidden: hidden(),
        app: Some(notes()),
        person: alice(),
        others: Vec::new(),
    };
    let logout_of_all = Logout { others: vec![bob()], ..logout.clone() };
    let setup = Setup {
        site: site(),
        action: "/setup".into(),
        hidden: hidden(),
        username: Label::default(),
        email: Label::default(),
        password_rule: "At least 8 characters. A long phrase is best.".into(),
        error: None,
        username_error: None,
        email_error: None,
        password_error: None,
    };
    let wrong = Setup {
        username: "alice".into(),
        email: "alice@example".into(),
        email_error: Some("This is not an e-mail address.".into()),
        password_error: Some("This password has fewer than 8 characters.".into()),
        ..setup.clone()
    };
    let home = Home {
        site: site(),
        action: "/logout".into(),
        hidden: hidden(),
        person: None,
        choose: "/login".into(),
        others: Vec::new(),
    };
    let home_of_several =
        Home { person: Some(alice()), others: [bob(), long_person()].map(choice).into(), ..home.clone() };
    let back = WebAddress::parse("https://notes.example.com/").map(|address| ("Notes".into(), address));
    let id = "01981f4e-7c1a-7d7c-9b3e-5b1f6f0f9a52";
    let redirect = ErrorPage::new(site(), "invalid_redirect_uri", id)
        .with_detail("redirect_uri is not one of those registered for client 7b0c5a52-6c6e-4d2f-9a3b-1f2e3d4c5b6a");
    vec![
        ("select-account", choose.render()),
        ("select-account-several", several.render()),
        (
            "select-account-long",
            SelectAccount { accounts: vec![choice(long_person())], app: Some(long_app()), ..choose }.render(),
        ),
        ("error", redirect.render()),
        ("error-not-found", ErrorPage::new(site(), "not_found", id).render()),
        ("error-server", ErrorPage::new(site(), "server_error", id).render()),
        ("logout", logout.render()),
        ("logout-of-all", logout_of_all.render()),
        ("signed-out", SignedOut { site: site(), back: None }.render()),
        ("signed-out-back", SignedOut { site: site(), back }.render()),
        ("setup", setup.render()),
        ("setup-failed", wrong.render()),
        ("home-several", home_of_several.render()),
        ("home-signed-in", Home { person: Some(alice()), ..home.clone() }.render()),
        ("home", home.render()),
    ]
}
