//! What every engine promises, each promise once. `prove_with!` makes a test of each for one engine.

use std::{collections::BTreeMap, future::Future, time::Duration};

use vestibule_core::Clock;
use vestibule_ephemeral::{Admission, Ephemeral, Found, Kind, Pace, Tombstone};

pub(crate) const CODE: Kind = Kind::once("code");
pub(crate) const SESSION: Kind = Kind::new("session");
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
const CALLERS: usize = 50;

/// Makes a test of each promise, on the store and clock that `$open` gives.
#[macro_export]
macro_rules! prove_with {
    ($open:path) => {
        $crate::prove_with!($open:
            what_was_put_is_found, a_later_put_replaces_an_earlier, any_bytes_and_64_kib_are_kept, odd_keys_are_keys,
            kinds_are_separate, expiry_follows_the_clock, the_longest_life_can_be_asked_for, touch_prolongs,
            touch_prolongs_for_the_owners_list_too, touch_wakes_nothing_that_is_gone, one_of_50_takes_wins,
            without_a_tombstone_nothing_is_left, look_shows_the_tombstone_until_its_ttl, what_has_expired_cannot_be_taken,
            one_of_50_removes_wins_and_a_tombstone_stays, swap_from_a_stale_value_fails, swap_keeps_expiry_and_owner,
            swap_leaves_tombstones_alone, one_of_50_swaps_wins, what_has_changed_is_not_removed,
            one_of_50_removes_what_it_saw, a_look_is_never_behind, an_owners_list_holds_what_lives, an_entry_can_change_owner,
            counts_run_within_a_window, no_count_of_50_is_lost, counters_are_apart_from_entries, one_of_50_marks_is_first,
            tries_are_slowed_down_and_not_stopped, a_try_that_is_given_back_was_none, tries_are_forgiven_after_a_while,
            no_more_of_50_tries_are_admitted_than_one_after_the_other, what_was_tried_can_be_forgotten,
            all_tries_are_counted_or_none,
            a_mark_expires, a_mark_is_a_tombstone, every_subscriber_hears, topics_are_separate, a_closed_store_says_so
        );
    };
    ($open:path: $($promise:ident),*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let (store, clock, _kept) = $open().await;
                promises::$promise(store, clock).await;
            }
        )*
    };
}

fn stone(value: &[u8]) -> Option<Tombstone<'_>> {
    Some(Tombstone { value, ttl: MINUTE })
}

fn live(value: &[u8]) -> Found {
    Found::Live(value.to_vec())
}

fn spent(value: &[u8]) -> Found {
    Found::Spent(value.to_vec())
}

/// Calls 50 times at once, and gives the answers.
async fn race<T: Send + 'static, F: Future<Output = T> + Send + 'static>(call: impl Fn(usize) -> F) -> Vec<T> {
    let calls: Vec<_> = (0..CALLERS).map(|index| tokio::spawn(call(index))).collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    answers
}

fn wins(answers: &[bool]) -> usize {
    answers.iter().filter(|won| **won).count()
}

pub(crate) async fn what_was_put_is_found(store: Ephemeral, _: Clock) {
    assert_eq!(store.look(CODE, "a").await, Ok(Found::Missing));
    store.put(CODE, "a", b"one", MINUTE, None).await.unwrap();
    assert_eq!(store.look(CODE, "a").await, Ok(live(b"one")));
    assert_eq!(store.get(CODE, "a").await, Ok(Some(b"one".to_vec())));
    assert_eq!(store.look(CODE, "b").await, Ok(Found::Missing));
    assert_eq!(store.ping().await, Ok(()));
}

pub(crate) async fn a_later_put_replaces_an_earlier(store: Ephemeral, _: Clock) {
    store.put(CODE, "a", b"one", MINUTE, Some("bob")).await.unwrap();
    store.take(CODE, "a", stone(b"")).await.unwrap();
    store.put(CODE, "a", b"two", MINUTE, None).await.unwrap();
    assert_eq!(store.look(CODE, "a").await, Ok(live(b"two")));
    assert_eq!(store.list(CODE, "bob").await, Ok(vec![]));
}

pub(crate) async fn any_bytes_and_64_kib_are_kept(store: Ephemeral, _: Clock) {
    let large: Vec<u8> = (0..=u8::MAX).cycle().take(64 * 1024).collect();
    for value in [large.as_slice(), b"", b"\0\r\n\xff"] {
        store.put(CODE, "a", value, MINUTE, Some("Zo\u{eb}:")).await.unwrap();
        assert_eq!(store.look(CODE, "a").await, Ok(live(value)));
        assert_eq!(store.list(CODE, "Zo\u{eb}:").await, Ok(vec![("a".into(), value.to_vec())]));
        assert_eq!(store.take(CODE, "a", stone(value)).await, Ok(live(value)));
        assert_eq!(store.look(CODE, "a").await, Ok(spent(value)));
    }
}

pub(crate) async fn odd_keys_are_keys(store: Ephemeral, _: Clock) {
    let keys = ["", ":", "a:b", "a\0b", "a b\r\n", "*", "{a}", "%41", "\u{1F511}", "'; DROP TABLE entries"];
    for (index, key) in keys.iter().enumerate() {
        store.put(CODE, key, &[index as u8], MINUTE, Some("bob")).await.unwrap();
    }
    for (index, key) in keys.iter().enumerate() {
        assert_eq!(store.look(CODE, key).await, Ok(live(&[index as u8])), "{key:?}");
    }
    let mut sorted: Vec<_> = keys.iter().map(ToString::to_string).collect();
    sorted.sort();
    let listed: Vec<_> = store.list(CODE, "bob").await.unwrap().into_iter().map(|(key, _)| key).collect();
    assert_eq!(listed, sorted);
}

pub(crate) async fn kinds_are_separate(store: Ephemeral, _: Clock) {
    store.put(CODE, "a", b"code", MINUTE, Some("bob")).await.unwrap();
    assert_eq!(store.look(SESSION, "a").await, Ok(Found::Missing));
    assert_eq!(store.take(SESSION, "a", stone(b"")).await, Ok(Found::Missing));
    assert_eq!(store.touch(SESSION, "a", MINUTE).await, Ok(false));
    assert_eq!(store.swap(SESSION, "a", b"code", b"x").await, Ok(false));
    assert_eq!(store.remove(SESSION, "a").await, Ok(false));
    assert_eq!(store.list(SESSION, "bob").await, Ok(vec![]));
    assert_eq!(store.mark_seen(SESSION, "a", MINUTE).await, Ok(true));
    assert_eq!(store.look(CODE, "a").await, Ok(live(b"code")));
}

pub(crate) async fn expiry_follows_the_clock(store: Ephemeral, clock: Clock) {
    store.put(CODE, "a", b"one", MINUTE, Some("bob")).await.unwrap();
    clock.advance(MINUTE - Duration::from_secs(5));
    assert_eq!(store.look(CODE, "a").await, Ok(live(b"one")));
    clock.advance(Duration::from_secs(5));
    assert_eq!(store.look(CODE, "a").await, Ok(Found::Missing));
    assert_eq!(store.get(CODE, "a").await, Ok(None));
    assert_eq!(store.swap(CODE, "a", b"one", b"two").await, Ok(false));
    assert_eq!(store.list(CODE, "bob").await, Ok(vec![]));
}

pub(crate) async fn the_longest_life_can_be_asked_for(store: Ephemeral, clock: Clock) {
    store.put(SESSION, "a", b"one", Duration::MAX, Some("bob")).await.unwrap();
    clock.advance(vestibule_ephemeral::LONGEST - MINUTE);
    assert_eq!(store.list(SESSION, "bob").await.unwrap().len(), 1);
    clock.advance(MINUTE);
    assert_eq!(store.list(SESSION, "bob").await, Ok(vec![]));
}

pub(crate) async fn touch_prolongs(store: Ephemeral, clock: Clock) {
    store.put(SESSION, "a", b"one", MINUTE, None).await.unwrap();
    clock.advance(MINUTE / 2);
    assert_eq!(store.touch(SESSION, "a", MINUTE).await, Ok(true));
    clock.advance(MINUTE / 2 + Duration::from_secs(1));
    assert_eq!(store.look(SESSION, "a").await, Ok(live(b"one")));
    clock.advance(MINUTE / 2);
    assert_eq!(store.look(SESSION, "a").await, Ok(Found::Missing));
}

pub(crate) async fn touch_prolongs_for_the_owners_list_too(store: Ephemeral, clock: Clock) {
    store.put(SESSION, "a", b"one", MINUTE, Some("bob")).await.unwrap();
    store.touch(SESSION, "a", MINUTE * 3).await.unwrap();
    clock.advance(MINUTE * 2);
    store.put(SESSION, "b", b"two", MINUTE, Some("bob")).await.unwrap();
    assert_eq!(
        store.list(SESSION, "bob").await,
        Ok(vec![("a".into(), b"one".to_vec()), ("b".into(), b"two".to_vec())])
    );
}

pub(crate) async fn touch_wakes_nothing_that_is_gone(store: Ephemeral, clock: Clock) {
    store.put(SESSION, "a", b"one", MINUTE, None).await.unwrap();
    store.put(SESSION, "b", b"two", MINUTE, None).await.unwrap();
    store.take(SESSION, "b", stone(b"gone")).await.unwrap();
    assert_eq!(store.touch(SESSION, "b", MINUTE * 9).await, Ok(false));
    clock.advance(MINUTE);
    assert_eq!(store.touch(SESSION, "a", MINUTE).await, Ok(false));
    assert_eq!(store.look(SESSION, "b").await, Ok(Found::Missing), "a tombstone is not prolonged");
}

pub(crate) async fn one_of_50_takes_wins(store: Ephemeral, _: Clock) {
    store.put(CODE, "a", b"one", MINUTE, None).await.unwrap();
    let answers = race(|_| {
        let store = store.clone();
        async move { store.take(CODE, "a", stone(b"grant 7")).await.unwrap() }
    })
    .await;
    assert_eq!(answers.iter().filter(|found| **found == live(b"one")).count(), 1);
    assert_eq!(answers.iter().filter(|found| **found == spent(b"grant 7")).count(), CALLERS - 1);
}

pub(crate) async fn without_a_tombstone_nothing_is_left(store: Ephemeral, _: Clock) {
    store.put(CODE, "a", b"one", MINUTE, None).await.unwrap();
    assert_eq!(store.take(CODE, "a", None).await, Ok(live(b"one")));
    assert_eq!(store.take(CODE, "a", None).await, Ok(Found::Missing));
}

pub(crate) async fn look_shows_the_tombstone_until_its_ttl(store: Ephemeral, clock: Clock) {
    store.put(CODE, "a", b"one", MINUTE * 9, None).await.unwrap();
    store.take(CODE, "a", stone(b"first")).await.unwrap();
    assert_eq!(store.take(CODE, "a", stone(b"second")).await, Ok(spent(b"first")), "the first tombstone stays");
    clock.advance(MINUTE - Duration::from_secs(5));
    assert_eq!(store.look(CODE, "a").await, Ok(spent(b"first")));
    assert_eq!(store.get(CODE, "a").await, Ok(None));
    clock.advance(Duration::from_secs(5));
    assert_eq!(store.look(CODE, "a").await, Ok(Found::Missing));
}

pub(crate) async fn what_has_expired_cannot_be_taken(store: Ephemeral, clock: Clock) {
    store.put(CODE, "a", b"one", MINUTE, None).await.unwrap();
    clock.advance(MINUTE);
    assert_eq!(store.take(CODE, "a", stone(b"gone")).await, Ok(Found::Missing));
    assert_eq!(store.look(CODE, "a").await, Ok(Found::Missing), "and leaves no tombstone");
}

pub(crate) async fn one_of_50_removes_wins_and_a_tombstone_stays(store: Ephemeral, _: Clock) {
    store.put(SESSION, "a", b"one", MINUTE, None).await.unwrap();
    let answers = race(|_| {
        let store = store.clone();
        async move { store.remove(SESSION, "a").await.unwrap() }
    })
    .await;
    assert_eq!(wins(&answers), 1);
    store.put(SESSION, "b", b"two", MINUTE, None).await.unwrap();
    store.take(SESSION, "b", stone(b"gone")).await.unwrap();
    assert_eq!(store.remove(SESSION, "b").await, Ok(false));
    assert_eq!(store.look(SESSION, "b").await, Ok(spent(b"gone")));
}

pub(crate) async fn swap_from_a_stale_value_fails(store: Ephemeral, _: Clock) {
    store.put(SESSION, "a", b"one", MINUTE, None).await.unwrap();
    assert_eq!(store.swap(SESSION, "a", b"one", b"two").await, Ok(true));
    assert_eq!(store.swap(SESSION, "a", b"one", b"three").await, Ok(false));
    assert_eq!(store.swap(SESSION, "b", b"", b"three").await, Ok(false));
    assert_eq!(store.look(SESSION, "a").await, Ok(live(b"two")));
}

pub(crate) async fn swap_keeps_expiry_and_owner(store: Ephemeral, clock: Clock) {
    store.put(SESSION, "a", b"one", MINUTE, Some("bob")).await.unwrap();
    clock.advance(MINUTE / 2);
    assert_eq!(store.swap(SESSION, "a", b"one", b"two").await, Ok(true));
    assert_eq!(store.list(SESSION, "bob").await, Ok(vec![("a".into(), b"two".to_vec())]));
    clock.advance(MINUTE / 2);
    assert_eq!(store.look(SESSION, "a").await, Ok(Found::Missing));
}

pub(crate) async fn swap_leaves_tombstones_alone(store: Ephemeral, _: Clock) {
    store.put(SESSION, "a", b"one", MINUTE, None).await.unwrap();
    store.take(SESSION, "a", stone(b"gone")).await.unwrap();
    assert_eq!(store.swap(SESSION, "a", b"gone", b"back").await, Ok(false));
    assert_eq!(store.look(SESSION, "a").await, Ok(spent(b"gone")));
}

pub(crate) async fn one_of_50_swaps_wins(store: Ephemeral, _: Clock) {
    store.put(SESSION, "a", b"waiting", MINUTE, Some("bob")).await.unwrap();
    let answers = race(|index| {
        let store = store.clone();
        async move { store.swap(SESSION, "a", b"waiting", format!("won by {index}").as_bytes()).await.unwrap() }
    })
    .await;
    assert_eq!(wins(&answers), 1);
    let winner = answers.iter().position(|won| *won).unwrap();
    assert_eq!(store.look(SESSION, "a").await, Ok(live(format!("won by {winner}").as_bytes())));
}

pub(crate) async fn what_has_changed_is_not_removed(store: Ephemeral, clock: Clock) {
    store.put(SESSION, "a", b"one", MINUTE, Some("bob")).await.unwrap();
    store.swap(SESSION, "a", b"one", b"two").await.unwrap();
    assert_eq!(store.remove_if(SESSION, "a", b"one").await, Ok(false));
    assert_eq!(store.look(SESSION, "a").await, Ok(live(b"two")));
    assert_eq!(store.remove_if(SESSION, "a", b"two").await, Ok(true));
    assert_eq!(store.look(SESSION, "a").await, Ok(Found::Missing));
    assert_eq!(store.list(SESSION, "bob").await, Ok(vec![]));
    store.take(SESSION, "b", None).await.unwrap();
    store.mark_seen(SESSION, "b", MINUTE).await.unwrap();
    assert_eq!(store.remove_if(SESSION, "b", b"").await, Ok(false), "a tombstone stays");
    store.put(SESSION, "c", b"three", MINUTE, None).await.unwrap();
    clock.advance(MINUTE);
    assert_eq!(store.remove_if(SESSION, "c", b"three").await, Ok(false), "it was gone already");
}

pub(crate) async fn one_of_50_removes_what_it_saw(store: Ephemeral, _: Clock) {
    store.put(SESSION, "a", b"waiting", MINUTE, None).await.unwrap();
    let answers = race(|_| {
        let store = store.clone();
        async move { store.remove_if(SESSION, "a", b"waiting").await.unwrap() }
    })
    .await;
    assert_eq!(wins(&answers), 1);
}

/// Whatever was answered before it was asked for, a look shows: a value, a change of it, and that it is gone. The looks between keep
/// whatever might be remembered of it in use.
pub(crate) async fn a_look_is_never_behind(store: Ephemeral, _: Clock) {
    race(|index| {
        let store = store.clone();
        async move {
            let key = format!("key {}", index % 25);
            let key = if index < 25 { key } else { format!("{key} too") };
            for round in 0..8 {
                let (one, two) = (format!("{round} one"), format!("{round} two"));
                store.put(SESSION, &key, one.as_bytes(), MINUTE, Some("bob")).await.unwrap();
                assert_eq!(store.look(SESSION, &key).await, Ok(live(one.as_bytes())));
                assert_eq!(store.swap(SESSION, &key, one.as_bytes(), two.as_bytes()).await, Ok(true));
                assert_eq!(store.look(SESSION, &key).await, Ok(live(two.as_bytes())));
                match round % 4 {
                    0 => drop(store.take(SESSION, &key, stone(b"gone")).await.unwrap()),
                    1 => drop(store.remove(SESSION, &key).await.unwrap()),
                    2 => drop(store.remove_if(SESSION, &key, two.as_bytes()).await.unwrap()),
                    _ => drop(store.take(SESSION, &key, None).await.unwrap()),
                }
                let left = if round % 4 == 0 { spent(b"gone") } else { Found::Missing };
                assert_eq!(store.look(SESSION, &key).await, Ok(left));
                store.put(SESSION, &key, b"", MINUTE, None).await.unwrap();
                store.remove(SESSION, &key).await.unwrap();
            }
        }
    })
    .await;
    while is_admitted(&store, "tries").await {
        store.look(SESSION, "tries").await.unwrap();
    }
    store.remove(SESSION, "tries").await.unwrap();
    assert_eq!(store.look(SESSION, "tries").await, Ok(Found::Missing));
}

pub(crate) async fn an_owners_list_holds_what_lives(store: Ephemeral, clock: Clock) {
    for (key, owner, minutes) in
        [("a", "bob", 1), ("b", "bob", 5), ("c", "eve", 5), ("d", "bob", 5), ("e", "bob", 5), ("f", "bob", 5)]
    {
        store.put(SESSION, key, key.as_bytes(), MINUTE * minutes, Some(owner)).await.unwrap();
    }
    store.put(SESSION, "g", b"no owner", MINUTE * 5, None).await.unwrap();
    store.take(SESSION, "d", stone(b"gone")).await.unwrap();
    store.remove(SESSION, "e").await.unwrap();
    clock.advance(MINUTE);
    let expected = BTreeMap::from([("b".to_owned(), b"b".to_vec()), ("f".to_owned(), b"f".to_vec())]);
    assert_eq!(store.list(SESSION, "bob").await, Ok(expected.into_iter().collect()));
    assert_eq!(store.list(SESSION, "nobody").await, Ok(vec![]));
}

pub(crate) async fn an_entry_can_change_owner(store: Ephemeral, _: Clock) {
    store.put(SESSION, "a", b"one", MINUTE, Some("bob")).await.unwrap();
    store.put(SESSION, "a", b"two", MINUTE, Some("eve")).await.unwrap();
    assert_eq!(store.list(SESSION, "bob").await, Ok(vec![]));
    assert_eq!(store.list(SESSION, "eve").await, Ok(vec![("a".into(), b"two".to_vec())]));
}

pub(crate) async fn counts_run_within_a_window(store: Ephemeral, clock: Clock) {
    assert_eq!(store.count(SESSION, "a", MINUTE).await, Ok(1));
    clock.advance(MINUTE / 2);
    assert_eq!(store.count(SESSION, "a", MINUTE).await, Ok(2));
    assert_eq!(store.count(SESSION, "b", MINUTE).await, Ok(1));
    assert_eq!(store.count(CODE, "a", MINUTE).await, Ok(1));
    clock.advance(MINUTE / 2);
    assert_eq!(store.count(SESSION, "a", MINUTE).await, Ok(1), "the window began with its first count");
}

pub(crate) async fn no_count_of_50_is_lost(store: Ephemeral, _: Clock) {
    let mut answers = race(|_| {
        let store = store.clone();
        async move { store.count(SESSION, "a", MINUTE).await.unwrap() }
    })
    .await;
    answers.sort_unstable();
    assert_eq!(answers, (1..=CALLERS as u64).collect::<Vec<_>>());
}

pub(crate) async fn counters_are_apart_from_entries(store: Ephemeral, _: Clock) {
    store.put(SESSION, "a", b"one", MINUTE, None).await.unwrap();
    assert_eq!(store.count(SESSION, "a", MINUTE).await, Ok(1));
    assert_eq!(store.look(SESSION, "a").await, Ok(live(b"one")));
}

pub(crate) async fn one_of_50_marks_is_first(store: Ephemeral, _: Clock) {
    let answers = race(|_| {
        let store = store.clone();
        async move { store.mark_seen(CODE, "jti", MINUTE).await.unwrap() }
    })
    .await;
    assert_eq!(wins(&answers), 1);
}

/// Three free tries, then one per ten seconds, then one per minute; one is forgiven in a minute.
fn pace() -> Pace {
    Pace { free: 3, waits: vec![MINUTE / 6, MINUTE], forgive: MINUTE }
}

async fn is_admitted(store: &Ephemeral, key: &str) -> bool {
    store.admit(SESSION, key, &pace()).await.unwrap() == Admission::Admitted
}

pub(crate) async fn tries_are_slowed_down_and_not_stopped(store: Ephemeral, clock: Clock) {
    for _ in 0..3 {
        assert!(is_admitted(&store, "a").await);
    }
    let Admission::Wait(wait) = store.admit(SESSION, "a", &pace()).await.unwrap() else { panic!("a fourth try") };
    assert!(wait <= MINUTE / 6 && wait > MINUTE / 12, "{wait:?}");
    assert!(is_admitted(&store, "b").await, "another key");
    for _ in 0..3 {
        clock.advance(MINUTE / 6);
        assert!(is_admitted(&store, "a").await);
        assert!(!is_admitted(&store, "a").await);
    }
    clock.advance(MINUTE / 6);
    assert!(!is_admitted(&store, "a").await, "the wait has grown");
    clock.advance(MINUTE);
    assert!(is_admitted(&store, "a").await);
}

pub(crate) async fn a_try_that_is_given_back_was_none(store: Ephemeral, clock: Clock) {
    for _ in 0..20 {
        assert!(is_admitted(&store, "a").await);
        store.give_back(SESSION, "a", &pace()).await.unwrap();
    }
    assert_eq!(store.look(SESSION, "a").await, Ok(Found::Missing));
    for _ in 0..3 {
        assert!(is_admitted(&store, "a").await);
    }
    store.give_back(SESSION, "a", &pace()).await.unwrap();
    assert!(is_admitted(&store, "a").await, "nor need the next wait for it");
    assert!(!is_admitted(&store, "a").await);
    clock.advance(MINUTE * 9);
    store.give_back(SESSION, "a", &pace()).await.unwrap();
    assert!(is_admitted(&store, "a").await);
}

pub(crate) async fn tries_are_forgiven_after_a_while(store: Ephemeral, clock: Clock) {
    for _ in 0..3 {
        assert!(is_admitted(&store, "a").await);
    }
    clock.advance(MINUTE);
    assert!(is_admitted(&store, "a").await);
    assert!(!is_admitted(&store, "a").await, "one was forgiven");
    clock.advance(MINUTE * 3);
    for _ in 0..3 {
        assert!(is_admitted(&store, "a").await);
    }
}

pub(crate) async fn no_more_of_50_tries_are_admitted_than_one_after_the_other(store: Ephemeral, _: Clock) {
    let answers = race(|_| {
        let store = store.clone();
        async move { is_admitted(&store, "a").await }
    })
    .await;
    assert_eq!(wins(&answers), 3);
}

pub(crate) async fn what_was_tried_can_be_forgotten(store: Ephemeral, _: Clock) {
    while is_admitted(&store, "a").await {}
    assert_eq!(store.remove(SESSION, "a").await, Ok(true));
    assert!(is_admitted(&store, "a").await);
}

pub(crate) async fn all_tries_are_counted_or_none(store: Ephemeral, _: Clock) {
    let one = Pace { free: 1, ..pace() };
    let ask = |first: &'static str, second: &'static str| {
        let (store, one) = (store.clone(), one.clone());
        async move { store.admit_all(SESSION, &[(first, &pace()), (second, &one)]).await.unwrap() }
    };
    assert_eq!(ask("a", "b").await, None);
    let refused = ask("a", "b").await.expect("the second of b");
    assert!(refused.index == 1 && refused.wait > Duration::ZERO && refused.wait <= MINUTE / 6, "{refused:?}");
    assert_eq!(ask("a", "c").await, None, "what was refused counted nowhere");
    assert_eq!(ask("a", "d").await, None);
    assert_eq!(ask("a", "e").await.map(|refused| refused.index), Some(0));
    assert_eq!(ask("f", "e").await, None, "and not behind the first that was refused");
    assert_eq!(store.admit_all(SESSION, &[]).await, Ok(None));
}

pub(crate) async fn a_mark_expires(store: Ephemeral, clock: Clock) {
    assert_eq!(store.mark_seen(CODE, "jti", MINUTE).await, Ok(true));
    clock.advance(MINUTE - Duration::from_secs(5));
    assert_eq!(store.mark_seen(CODE, "jti", MINUTE * 9).await, Ok(false), "and is not prolonged by another look");
    clock.advance(Duration::from_secs(5));
    assert_eq!(store.mark_seen(CODE, "jti", MINUTE).await, Ok(true));
}

pub(crate) async fn a_mark_is_a_tombstone(store: Ephemeral, _: Clock) {
    store.mark_seen(CODE, "jti", MINUTE).await.unwrap();
    assert_eq!(store.look(CODE, "jti").await, Ok(spent(b"")));
    assert_eq!(store.take(CODE, "jti", None).await, Ok(spent(b"")));
    assert_eq!(store.mark_seen(CODE, "jti", MINUTE).await, Ok(false));
}

pub(crate) async fn every_subscriber_hears(store: Ephemeral, _: Clock) {
    store.publish("changes", b"before anyone listens").await.unwrap();
    let (mut one, mut other) = (store.subscribe("changes").await.unwrap(), store.subscribe("changes").await.unwrap());
    for message in [&b"first"[..], b"\0\xff", b""] {
        store.publish("changes", message).await.unwrap();
        assert_eq!(heard(&mut one).await, Some(message.to_vec()));
        assert_eq!(heard(&mut other).await, Some(message.to_vec()));
    }
}

pub(crate) async fn topics_are_separate(store: Ephemeral, _: Clock) {
    let mut users = store.subscribe("users").await.unwrap();
    let mut clients = store.subscribe("clients").await.unwrap();
    store.publish("clients", b"c").await.unwrap();
    store.publish("users", b"u").await.unwrap();
    assert_eq!(heard(&mut users).await, Some(b"u".to_vec()));
    assert_eq!(heard(&mut clients).await, Some(b"c".to_vec()));
}

pub(crate) async fn a_closed_store_says_so(store: Ephemeral, _: Clock) {
    let mut subscription = store.subscribe("changes").await.unwrap();
    store.close().await;
    store.close().await;
    assert_eq!(store.look(CODE, "a").await, Err(vestibule_ephemeral::Error::Closed));
    assert_eq!(heard(&mut subscription).await, None);
}

async fn heard(subscription: &mut vestibule_ephemeral::Subscription) -> Option<Vec<u8>> {
    tokio::time::timeout(Duration::from_secs(10), subscription.next()).await.expect("a message within ten seconds")
}
