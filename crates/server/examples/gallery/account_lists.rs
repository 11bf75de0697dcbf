//! The pages of `/account` with lists, and the profile.

use secrecy::SecretString;
use vestibule_server::pages::{
    ApiTokens, Applications, ConsentLine, Fact, Field, FieldGroup, Input, Label, NewApiToken, Profile, ScopeLine,
    SessionLine, Sessions, TokenForm, TokenLine, TokenScope, WebAddress, device_in_words, place_in_words,
};

use super::{
    account::{DAY, ago, ahead},
    hidden, long_app, notes, site,
};

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let mut all = sessions();
    all.extend(applications());
    all.extend(tokens());
    all.extend(profile());
    all
}

fn sessions() -> Vec<(&'static str, String)> {
    let line = |header: &str, address: [u8; 4], seen, since, here| SessionLine {
        value: "id".into(),
        device: device_in_words(header).into(),
        place: Some(place_in_words(address.into()).into()),
        last_seen: ago(seen),
        since: ago(since),
        here,
    };
    let sessions = vec![
        line("(X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", [127, 0, 0, 1], 5, 3 * DAY, true),
        line("(iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", [192, 168, 1, 4], 900, DAY, false),
        line("(Windows NT 10.0) Chrome/126.0.0.0 Safari/537.36 Edg/126", [203, 0, 113, 9], 9 * DAY, 40 * DAY, false),
        SessionLine { place: None, ..line("", [0; 4], 2 * DAY, 2 * DAY, false) },
    ];
    let plain = Sessions {
        site: site(),
        action: "/account/sessions".into(),
        hidden: hidden(),
        done: None,
        error: None,
        sessions,
    };
    vec![("account-sessions", plain.render())]
}

fn applications() -> Vec<(&'static str, String)> {
    let scopes = |names: &[&str]| names.iter().filter_map(|name| ScopeLine::standard(name)).collect::<Vec<_>>();
    let mut many = scopes(&["openid", "profile", "email", "address", "phone"]);
    many.push(ScopeLine::of_api("urn:example:timesheets:everything.readwrite.all", "https://api.example.com", None));
    let plain = Applications {
        site: site(),
        action: "/account/applications".into(),
        hidden: hidden(),
        done: None,
        error: None,
        consents: vec![
            ConsentLine {
                value: "notes".into(),
                app: notes(),
                opens: WebAddress::parse("https://notes.example.com/start"),
                scopes: scopes(&["openid", "profile", "email"]),
                since: ago(3 * DAY),
            },
            ConsentLine { value: "long".into(), app: long_app(), opens: None, scopes: many, since: ago(90 * DAY) },
        ],
    };
    let none = Applications {
        consents: Vec::new(),
        done: Some("“Notes” has to ask you again from now on.".into()),
        ..plain.clone()
    };
    vec![("account-applications", plain.render()), ("account-applications-none", none.render())]
}

fn tokens() -> Vec<(&'static str, String)> {
    let line = |name: &str, hint: &str, scopes: &[&str], expires, last_used| TokenLine {
        value: hint.into(),
        name: name.into(),
        hint: hint.into(),
        scopes: scopes.iter().map(|scope| Label::from(*scope)).collect(),
        created: ago(60 * DAY),
        expires,
        last_used,
    };
    let scope = |value: &str, title: &str, chosen| TokenScope { value: value.into(), title: title.into(), chosen };
    let form = TokenForm {
        name: Label::default(),
        name_error: None,
        lifetimes: [("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "A year")]
            .map(|(value, words)| (value.to_owned(), words.into()))
            .into(),
        lifetime: "30".into(),
        scopes: vec![
            scope("vestibule.view_user", "See people", true),
            scope("vestibule.change_user", "Change people", false),
            scope("vestibule.view_group", "See groups", false),
            scope("vestibule.view_audit", "Read what happened", false),
            scope("shop.view_order", "Can view order", false),
        ],
        scopes_error: None,
    };
    let wrong = TokenForm {
        name: "Backup".into(),
        name_error: Some("You have a token of this name.".into()),
        scopes_error: Some("Tick at least one.".into()),
        ..form.clone()
    };
    let plain = ApiTokens {
        site: site(),
        action: "/account/tokens".into(),
        hidden: hidden(),
        done: None,
        tokens: vec![
            line(
                "Backup",
                "vst_…abcd",
                &["vestibule.view_user", "vestibule.view_group"],
                Some(ahead(4 * DAY)),
                Some(ago(300)),
            ),
            line("The old report that nobody dares to touch", "vst_…9f2k", &[], Some(ago(3 * DAY)), Some(ago(5 * DAY))),
            line("Doorbell", "vst_…77pq", &["shop.view_order"], None, None),
        ],
        form: Some(form),
        error: None,
    };
    let failed = ApiTokens { tokens: Vec::new(), form: Some(wrong), ..plain.clone() };
    let new = NewApiToken {
        site: site(),
        name: "Backup".into(),
        token: SecretString::from("vst_Zm9vYmFyYmF6cXV4cXV1eGNvcmdlZ3JhdWx0Z2FycGx5_3k9xQa"),
        expires: Some(ahead(30 * DAY)),
    };
    vec![
        ("account-tokens", plain.render()),
        ("account-tokens-sure", plain.render().replacen("<details", "<details open", 1)),
        ("account-tokens-failed", failed.render()),
        ("account-new-token", new.render()),
    ]
}

fn profile() -> Vec<(&'static str, String)> {
    let field = |name: &str, label: &str, required, input| Field {
        name: name.into(),
        label: label.into(),
        hint: None,
        required,
        input,
        error: None,
    };
    let text = |value: &str, autocomplete| Input::Text { value: value.into(), autocomplete };
    let names = vec![
        field("given_name", "Given name", false, text("Alice", Some("given-name"))),
        field("family_name", "Family name", false, text("Liddell", Some("family-name"))),
        Field {
            hint: Some("As in “Europe/London”.".into()),
            ..field("zoneinfo", "Time zone", false, text("Europe/London", None))
        },
        field("birthdate", "Birthday", false, Input::Date { value: "1852-05-04".into() }),
    ];
    let size = Input::Choice {
        options: ["S", "M", "L"].map(|size| (size.to_owned(), size.into())).into(),
        chosen: "M".into(),
    };
    let more = vec![
        field("size", "T-shirt size", true, size),
        field("desk", "Desk", false, Input::Number { value: "42".into() }),
        field("skills", "Skills", false, Input::List { lines: vec!["Croquet".into(), "Chess".into()] }),
        field("lunch", "I have lunch in the canteen", false, Input::Boolean { value: true }),
    ];
    let facts = [("Department", "Wonderland"), ("Badge", "A-1865")]
        .map(|(label, value)| Fact { label: label.into(), value: value.into() });
    let plain = Profile {
        site: site(),
        action: "/account/profile".into(),
        hidden: hidden(),
        done: Some("Saved.".into()),
        groups: vec![
            FieldGroup { title: "Your names".into(), fields: names },
            FieldGroup { title: "More".into(), fields: more },
        ],
        facts: facts.into(),
        error: None,
    };
    let mut wrong = Profile { done: None, ..plain.clone() };
    for field in wrong.groups.iter_mut().flat_map(|group| &mut group.fields) {
        field.error = Some("This does not fit.".into());
    }
    vec![("account-profile", plain.render()), ("account-profile-failed", wrong.render())]
}
