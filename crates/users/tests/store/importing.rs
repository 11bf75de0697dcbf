//! People from another system.

use serde_json::{Map, json};
use vestibule_core::{Timestamp, UserId};
use vestibule_users::{ContactKind, Identity, ImportError, ImportedContact, ImportedUser, NewUser, StandardClaims};

use super::{PASSWORD, Site};
use crate::open;

fn imported(name: &str) -> ImportedUser {
    ImportedUser {
        username: name.into(),
        active: true,
        created_at: Timestamp::from_seconds(1_000_000_000),
        last_sign_in: Some(Timestamp::from_seconds(1_500_000_000)),
        ..ImportedUser::default()
    }
}

fn mail(value: &str, shared: bool) -> ImportedContact {
    ImportedContact { kind: ContactKind::Email, value: value.into(), verified: true, primary: false, shared }
}

async fn insert(site: &Site, user: ImportedUser) -> Result<UserId, ImportError> {
    let transaction = site.database.begin().await.unwrap();
    let done = site.users.insert_in(&transaction, user).await;
    transaction.commit().await.unwrap();
    done
}

async fn update(site: &Site, id: UserId, user: ImportedUser) -> bool {
    let transaction = site.database.begin().await.unwrap();
    let changed = site.users.update_in(&transaction, id, user).await.unwrap();
    transaction.commit().await.unwrap();
    changed
}

#[tokio::test]
async fn somebody_comes_as_they_were() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    let hash = site.stored_hash(&eve).await;
    let claims = StandardClaims { phone_number: Some("+351 21 555 0134".into()), ..StandardClaims::default() };
    let bob = ImportedUser {
        contacts: vec![mail("bob@example.com", false), mail("robert@example.com", false)],
        password_hash: hash,
        staff: true,
        claims,
        ..imported("Bob")
    };
    let id = insert(&site, bob.clone()).await.unwrap();
    let here = site.users.get(id).await.unwrap().unwrap();
    assert_eq!(
        (here.username.as_str(), here.email.as_deref(), here.email_verified),
        ("Bob", Some("bob@example.com"), true)
    );
    assert_eq!((here.created_at, here.last_sign_in), (bob.created_at, bob.last_sign_in));
    assert!(here.staff && !here.superuser && here.claims.phone_number.is_some());
    assert_eq!(site.users.contacts(id).await.unwrap().len(), 3);
    assert!(site.sign_in("robert@example.com", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_takes_no_password_back() {
    let site = open().await;
    let mut bob = ImportedUser { contacts: vec![mail("bob@example.com", false)], ..imported("bob") };
    bob.password_hash = Some("old".into());
    let id = insert(&site, bob.clone()).await.unwrap();
    assert!(!update(&site, id, bob.clone()).await);
    site.users.set_password(id, &PASSWORD.into()).await.unwrap();
    site.sign_in("bob", PASSWORD).await.unwrap();
    let before = site.users.get(id).await.unwrap();
    assert!(!update(&site, id, bob.clone()).await);
    assert_eq!(site.users.get(id).await.unwrap(), before);
    bob.contacts.push(mail("new@example.com", false));
    assert!(update(&site, id, bob.clone()).await);
    assert!(!update(&site, id, bob).await);
    assert!(site.sign_in("new@example.com", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn an_address_that_several_share_leads_to_none_of_them() {
    let site = open().await;
    for name in ["one", "two"] {
        let user = ImportedUser { contacts: vec![mail("home@example.com", true)], ..imported(name) };
        insert(&site, user).await.unwrap();
    }
    assert_eq!(site.users.find("home@example.com").await.unwrap(), None);
    let one = site.users.find("one").await.unwrap().unwrap();
    assert_eq!((one.email.as_deref(), one.email_verified), (Some("home@example.com"), true));
    let third = NewUser { email: Some("home@example.com".into()), ..NewUser::named("three") };
    site.users.create(third).await.unwrap();
    assert_eq!(site.users.find("home@example.com").await.unwrap(), None, "it is shared with the third as well");
    assert_eq!(
        site.users
            .search(&vestibule_users::Query {
                email: Some("home@example.com".into()),
                ..vestibule_users::Query::default()
            })
            .await
            .unwrap()
            .users
            .len(),
        3
    );
}

#[tokio::test]
async fn a_username_that_is_an_address_leads_to_its_user() {
    let site = open().await;
    let contacts = vec![mail("shared@example.com", true)];
    let id = insert(&site, ImportedUser { contacts, ..imported("shared@example.com") }).await.unwrap();
    let other = ImportedUser { contacts: vec![mail("shared@example.com", true)], ..imported("other") };
    insert(&site, other).await.unwrap();
    assert_eq!(site.users.find("shared@example.com").await.unwrap().unwrap().id, id);
    let number = insert(&site, imported("+351215550134")).await.unwrap();
    assert_eq!(site.users.contacts(number).await.unwrap()[0].value, "+351215550134");
    let odd = insert(&site, imported("a@b@c")).await;
    assert!(matches!(odd, Err(ImportError::Invalid { field: "username", .. })), "{odd:?}");
}

#[tokio::test]
async fn whoever_collides_is_told_and_the_transaction_goes_on() {
    let site = open().await;
    site.users.create(site.person("bob")).await.unwrap();
    let transaction = site.database.begin().await.unwrap();
    let name = site.users.insert_in(&transaction, imported("BOB")).await;
    assert!(matches!(name, Err(ImportError::UsernameTaken)));
    let contacts = vec![mail("Bob@example.com", false)];
    let address = site.users.insert_in(&transaction, ImportedUser { contacts, ..imported("robert") }).await;
    assert!(matches!(address, Err(ImportError::EmailTaken)));
    let attributes: Map<_, _> = [("town".to_owned(), json!("Faro"))].into_iter().collect();
    let unknown = site.users.insert_in(&transaction, ImportedUser { attributes, ..imported("robert") }).await;
    assert!(matches!(unknown, Err(ImportError::Attributes(_))));
    let id = site.users.insert_in(&transaction, imported("robert")).await.unwrap();
    assert_eq!(site.users.find_in(&transaction, "Robert").await.unwrap().map(|user| user.id), Some(id));
    transaction.commit().await.unwrap();
    assert!(site.users.get(id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_name_that_a_provider_has_leads_to_one_user() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    let bob = site.users.create(site.person("bob")).await.unwrap();
    let identity = Identity {
        provider: "https://accounts.example.com".into(),
        subject: "110248495921238986420".into(),
        details: [("locale".to_owned(), json!("pt"))].into_iter().collect(),
        created_at: Timestamp::from_seconds(1_000_000_000),
    };
    let transaction = site.database.begin().await.unwrap();
    assert!(site.users.link_in(&transaction, eve.id, identity.clone()).await.unwrap());
    assert!(!site.users.link_in(&transaction, eve.id, identity.clone()).await.unwrap());
    let taken = site.users.link_in(&transaction, bob.id, identity.clone()).await;
    assert!(matches!(taken, Err(ImportError::Invalid { field: "subject", .. })));
    transaction.commit().await.unwrap();
    assert_eq!(site.users.identities(eve.id).await.unwrap(), [identity]);
    assert!(site.users.identities(bob.id).await.unwrap().is_empty());
}
