//! Somebody made up, as rows.

use sea_orm::{ActiveModelTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use vestibule_core::{Random, UserId};

use super::{DOMAINS, draw::Draw, names};
use crate::{
    AttributeKind, Definition, StandardClaims, Unavailable,
    attributes::{table::value as attribute, value},
    contacts::{self, ContactKind, list::Contacts, normal::Address, table as contact},
    entity,
    rules::{Invalid, Names},
};

/// How many rows one statement writes: so few that a slow one does not fill the log with its text.
const ROWS: usize = 100;
const DAY: u64 = 86_400_000;
const LOCALES: [&str; 5] = ["en-GB", "de-DE", "fr-FR", "pt-PT", "sv-SE"];
const ZONES: [&str; 5] = ["Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Lisbon", "Europe/Stockholm"];

/// What is the same for all of them.
pub(super) struct Mould<'a> {
    pub(super) now: i64,
    pub(super) password_hash: Option<String>,
    pub(super) definitions: &'a [Definition],
}

/// The rows of many.
#[derive(Default)]
pub(super) struct Rows {
    users: Vec<entity::Model>,
    contacts: Vec<contact::Model>,
    values: Vec<attribute::Model>,
}

impl Rows {
    /// Adds the person with this number, which is in their name, so that no two have the same.
    pub(super) fn add(
        &mut self,
        mould: &Mould<'_>,
        draw: &mut Draw,
        index: u64,
        random: &Random,
    ) -> Result<UserId, Unavailable> {
        let id = UserId::random(random);
        let (given, family) = (names::given(draw), names::family(draw));
        let username = format!("{given}.{family}{}", index + 1).to_ascii_lowercase();
        let created = mould.now - millis(draw.below(3 * 365 * DAY));
        let names = named(&username, draw, index, created).map_err(|Invalid { field, why }| Unavailable::Damaged {
            user: username.clone(),
            why: format!("{field}: {why}"),
        })?;
        let place = draw.below(LOCALES.len() as u64) as usize;
        let claims = StandardClaims {
            given_name: Some(given),
            family_name: Some(family),
            locale: Some(LOCALES[place].to_owned()),
            zoneinfo: Some(ZONES[place].to_owned()),
            ..StandardClaims::default()
        };
        let last_sign_in = (!draw.one_in(4)).then(|| created + millis(draw.below(since(created, mould.now))));
        let row = entity::Model {
            id: id.to_string(),
            active: !draw.one_in(30),
            staff: draw.one_in(100),
            superuser: draw.one_in(20_000),
            password_hash: mould.password_hash.clone(),
            password_changed_at: mould.password_hash.is_some().then_some(mould.now),
            last_sign_in,
            ..entity::Model::blank(created)
        };
        let row = contacts::copied(row, &names, claims)?;
        self.contacts.extend(names.contacts.0.iter().map(|entry| entry.row(&row.id)));
        self.values
            .extend(mould.definitions.iter().filter_map(|definition| attribute(definition, draw, index, &row.id)));
        self.users.push(row);
        Ok(id)
    }

    /// Writes all of them.
    pub(super) async fn write(self, transaction: &DatabaseTransaction) -> Result<(), DbErr> {
        for rows in self.users.chunks(ROWS) {
            let rows = rows.iter().map(|row| row.clone().into_active_model().reset_all());
            entity::Entity::insert_many(rows).exec_without_returning(transaction).await?;
        }
        for rows in self.contacts.chunks(ROWS) {
            let rows = rows.iter().map(|row| row.clone().into_active_model().reset_all());
            contact::Entity::insert_many(rows).exec_without_returning(transaction).await?;
        }
        for rows in self.values.chunks(ROWS) {
            let rows = rows.iter().map(|row| row.clone().into_active_model().reset_all());
            attribute::Entity::insert_many(rows).exec_without_returning(transaction).await?;
        }
        Ok(())
    }
}

/// The username and the contacts. The number is in each of them, so that each leads to this person alone.
fn named(username: &str, draw: &mut Draw, index: u64, created: i64) -> Result<Names, Invalid> {
    let mut contacts = Contacts::default();
    let email = format!("{username}@{}", draw.among(&DOMAINS));
    contacts.set_primary(ContactKind::Email, Some(&email), Some(!draw.one_in(8)), created)?;
    if draw.one_in(5) {
        // No country has this code.
        let number = format!("+999{:09}", index + 1);
        contacts.set_primary(ContactKind::Phone, Some(&number), Some(draw.one_in(2)), created)?;
    }
    for entry in &mut contacts.0 {
        entry.login_key = Address::can_lead(entry.kind, &entry.key).then(|| entry.key.clone());
        entry.unsettled = false;
    }
    Names::new(username, contacts)
}

/// A value that fits what is declared; none where that takes more than chance.
fn attribute(definition: &Definition, draw: &mut Draw, index: u64, user: &str) -> Option<attribute::Model> {
    let declaration = &definition.declaration;
    let made_up: Value = match declaration.kind {
        AttributeKind::Text if declaration.unique => format!("{} {}", names::family(draw), index + 1).into(),
        AttributeKind::Text => names::family(draw).into(),
        AttributeKind::Number if declaration.unique => (index + 1).into(),
        AttributeKind::Number => draw.below(1000).into(),
        AttributeKind::Boolean => draw.one_in(2).into(),
        AttributeKind::Date => {
            format!("{}-{:02}-{:02}", 1950 + draw.below(60), 1 + draw.below(12), 1 + draw.below(28)).into()
        }
        AttributeKind::Choice => draw.among(&declaration.choices).as_str().into(),
        AttributeKind::List if declaration.choices.is_empty() => json!([names::family(draw)]),
        AttributeKind::List => json!([draw.among(&declaration.choices)]),
    };
    if declaration.unique && matches!(declaration.kind, AttributeKind::Date | AttributeKind::Choice) {
        return None;
    }
    let kept = value::check(definition, &made_up).ok()?;
    Some(attribute::Model {
        user_id: user.to_owned(),
        name: definition.name.clone(),
        value: kept.json,
        unique_key: declaration.unique.then(|| kept.key.clone()),
        value_key: kept.key,
    })
}

fn millis(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn since(created: i64, now: i64) -> u64 {
    u64::try_from(now - created).unwrap_or(0)
}
