//! Nothing panics, whatever stands in a dump, and whatever is read settles.

use proptest::{collection, prelude::*, sample};
use serde_json::{Value, json};

use super::*;

const MODELS: [&str; 8] = [
    "auth.user",
    "auth.group",
    "auth.permission",
    "contenttypes.contenttype",
    "oauth2_provider.application",
    "account.emailaddress",
    "socialaccount.socialaccount",
    "shop.order",
];

const FIELDS: [&str; 30] = [
    "username",
    "password",
    "last_login",
    "is_active",
    "is_staff",
    "is_superuser",
    "email",
    "groups",
    "user_permissions",
    "first_name",
    "date_joined",
    "extra",
    "name",
    "permissions",
    "codename",
    "content_type",
    "app_label",
    "model",
    "client_id",
    "client_type",
    "authorization_grant_type",
    "redirect_uris",
    "client_secret",
    "user",
    "verified",
    "primary",
    "provider",
    "uid",
    "extra_data",
    "allowed_origins",
];

fn anything() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "\\PC{0,12}",
        any::<String>(),
        sample::select(vec![
            "bob",
            "Bob",
            "a@b.example",
            "@",
            "+351215550134",
            "confidential",
            "!",
            "2024-02-29T00:00:00Z"
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_i64..4).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            collection::btree_map("\\PC{0,6}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

fn records() -> impl Strategy<Value = Vec<Value>> {
    let fields = collection::btree_map(sample::select(&FIELDS[..]), anything(), 0..20);
    let record = (sample::select(&MODELS[..]), anything(), fields)
        .prop_map(|(model, pk, fields)| json!({"model": model, "pk": pk, "fields": fields}));
    collection::vec(prop_oneof![8 => record, 1 => anything()], 0..12)
}

proptest! {
    #[test]
    fn nothing_in_a_dump_is_too_strange(mut records in records()) {
        records.push(user(1, "bob", json!({})));
        let site = read_with(records, &Choice::default()).unwrap();
        let plan = Plan::new(site, &Renames::default());
        let _ = (plan.to_string(), serde_json::to_string(&plan).unwrap());
        for user in plan.site.users.iter().filter(|_| plan.ready) {
            let names: Vec<&User> = plan.site.users.iter().filter(|other| other.username == user.username).collect();
            prop_assert_eq!(names.len(), 1);
        }
    }

    #[test]
    fn nothing_is_too_strange_for_a_file(bytes in collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
        let _ = read_dump(bytes.as_slice(), &Choice::default());
        let _ = Renames::parse(&text);
    }
}
