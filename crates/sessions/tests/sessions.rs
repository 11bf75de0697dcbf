//! What a browser session must and must not do.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use vestibule_core::{Clock, HashKey, Random, UserId};
use vestibule_ephemeral::{Ephemeral, Kind};
use vestibule_sessions::{Authentication, Origin, Policy, SessionToken, Sessions};

const HOUR: Duration = Duration::from_secs(3600);

struct World {
    sessions: Sessions,
    ephemeral: Ephemeral,
    clock: Clock,
    bob: UserId,
    eve: UserId,
}

async fn world() -> World {
    let (clock, random) = (Clock::system(), Random::system());
    let ephemeral = Ephemeral::in_memory(clock.clone()).await.unwrap();
    let key = HashKey::new(&[7; 32]);
    let (bob, eve) = (UserId::random(&random), UserId::random(&random));
    let sessions = Sessions::new(ephemeral.clone(), key, clock.clone(), random, Policy::default());
    World { sessions, ephemeral, clock, bob, eve }
}

impl World {
    fn password(&self) -> Authentication {
        Authentication { auth_time: self.clock.now(), amr: vec!["pwd".into()] }
    }

    async fn sign_in(
        &self,
        user: UserId,
        previous: Option<&SessionToken>,
    ) -> (SessionToken, vestibule_sessions::Session) {
        self.sessions.start(user, self.password(), false, previous, Origin::default()).await.unwrap()
    }

    async fn lives(&self, token: &SessionToken) -> bool {
        self.sessions.find(token.as_cookie_value(), &Origin::default()).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn a_session_is_found_by_its_cookie() {
    let world = world().await;
    let (token, session) = world.sign_in(world.bob, None).await;
    let (found_token, found) = world.sessions.find(token.as_cookie_value(), &Origin::default()).await.unwrap().unwrap();
    assert_eq!(found, session);
    assert_eq!(found_token.as_cookie_value(), token.as_cookie_value());
    assert_eq!((found.user_id, found.amr), (world.bob, vec!["pwd".to_owned()]));
}

#[tokio::test]
async fn a_cookie_that_was_not_given_out_names_nobody() {
    let world = world().await;
    let unknown = Random::system().token();
    for cookie in ["", "x", unknown.as_str(), "../../etc/passwd", &"a".repeat(100_000)] {
        assert!(world.sessions.find(cookie, &Origin::default()).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a17_a_session_id_does_not_survive_a_new_sign_in() {
    let world = world().await;
    let (old, _) = world.sign_in(world.bob, None).await;
    let (new, _) = world.sign_in(world.bob, Some(&old)).await;
    assert!(!world.lives(&old).await);
    assert!(world.lives(&new).await);
}

#[tokio::test]
async fn a17_an_id_that_an_attacker_chose_is_never_taken_over() {
    let world = world().await;
    let chosen = SessionToken::new(&Random::system());
    let (given, _) = world.sign_in(world.bob, Some(&chosen)).await;
    assert_ne!(given.as_cookie_value(), chosen.as_cookie_value());
    assert!(!world.lives(&chosen).await);
}

#[tokio::test]
async fn a_step_up_keeps_sid_and_beginning_and_renews_the_proof() {
    let world = world().await;
    let (old, before) = world.sign_in(world.bob, None).await;
    world.clock.advance(HOUR);
    let proof = Authentication { auth_time: world.clock.now(), amr: vec!["pwd".into(), "otp".into()] };
    let (_, after) =
        world.sessions.start(world.bob, proof.clone(), false, Some(&old), Origin::default()).await.unwrap();
    assert_eq!((after.sid, after.created_at), (before.sid, before.created_at));
    assert_eq!((after.auth_time, after.amr), (proof.auth_time, proof.amr));
    assert!(after.expires_at > before.expires_at);
}

#[tokio::test]
async fn another_user_inherits_nothing_and_ends_the_session_before() {
    let world = world().await;
    let (old, before) = world.sign_in(world.bob, None).await;
    let (_, after) = world.sign_in(world.eve, Some(&old)).await;
    assert_ne!(after.sid, before.sid);
    assert!(!world.lives(&old).await);
    assert_eq!(world.sessions.list(world.bob).await.unwrap(), vec![]);
}

#[tokio::test]
async fn an_ended_session_is_not_continued() {
    let world = world().await;
    let (old, before) = world.sign_in(world.bob, None).await;
    assert_eq!(world.sessions.end(&old).await.unwrap().map(|session| session.sid), Some(before.sid));
    assert!(!world.lives(&old).await);
    let (_, after) = world.sign_in(world.bob, Some(&old)).await;
    assert_ne!(after.sid, before.sid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_50_parallel_step_ups_one_continues_the_session() {
    let world = world().await;
    let (old, before) = world.sign_in(world.bob, None).await;
    let mut calls = Vec::new();
    for _ in 0..50 {
        let (sessions, old, proof, bob) = (world.sessions.clone(), old.clone(), world.password(), world.bob);
        calls.push(tokio::spawn(async move {
            sessions.start(bob, proof, false, Some(&old), Origin::default()).await.unwrap().1
        }));
    }
    let mut continued = 0;
    for call in calls {
        continued += usize::from(call.await.unwrap().sid == before.sid);
    }
    assert_eq!(continued, 1);
    assert!(!world.lives(&old).await);
}

#[tokio::test]
async fn an_idle_session_ends_and_a_used_one_stays() {
    let world = world().await;
    let ((used, _), (idle, _)) = (world.sign_in(world.bob, None).await, world.sign_in(world.bob, None).await);
    world.clock.advance(Policy::default().idle - HOUR);
    assert!(world.lives(&used).await);
    world.clock.advance(HOUR);
    assert!(world.lives(&used).await);
    assert!(!world.lives(&idle).await);
}

#[tokio::test]
async fn to_look_at_a_session_is_not_to_use_it() {
    let world = world().await;
    let (token, session) = world.sign_in(world.bob, None).await;
    world.clock.advance(Policy::default().idle - HOUR);
    let looked = world.sessions.look(token.as_cookie_value()).await.unwrap().map(|(_, session)| session);
    assert_eq!(looked, Some(session));
    world.clock.advance(HOUR);
    assert!(!world.lives(&token).await);
    assert!(world.sessions.look(token.as_cookie_value()).await.unwrap().is_none());
    assert!(world.sessions.look("none").await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_ends_absolutely_however_much_it_is_used() {
    let world = world().await;
    let (token, _) = world.sign_in(world.bob, None).await;
    let hours = Policy::default().absolute.as_secs() / 3600;
    for _ in 1..hours {
        world.clock.advance(HOUR);
        assert!(world.lives(&token).await);
    }
    world.clock.advance(HOUR);
    assert!(!world.lives(&token).await);
    assert_eq!(world.sessions.list(world.bob).await.unwrap(), vec![]);
}

#[tokio::test]
async fn who_stays_signed_in_lasts_longer_and_not_for_ever() {
    let world = world().await;
    let (token, session) =
        world.sessions.start(world.bob, world.password(), true, None, Origin::default()).await.unwrap();
    assert!(session.keep_signed_in);
    for _ in 0..2 {
        world.clock.advance(Policy::default().keep_idle - HOUR);
        assert!(world.lives(&token).await);
    }
    world.clock.advance(Policy::default().keep_absolute - Policy::default().keep_idle * 2 + HOUR * 2);
    assert!(!world.lives(&token).await);
}

#[tokio::test]
async fn use_is_recorded_once_a_minute() {
    let world = world().await;
    let (token, begun) = world.sign_in(world.bob, None).await;
    world.clock.advance(Duration::from_secs(30));
    let (_, soon) = world.sessions.find(token.as_cookie_value(), &Origin::default()).await.unwrap().unwrap();
    assert_eq!(soon.seen_at, begun.seen_at);
    world.clock.advance(Duration::from_secs(31));
    assert!(world.lives(&token).await);
    assert!(world.sessions.list(world.bob).await.unwrap()[0].seen_at > begun.seen_at);
}

#[tokio::test]
async fn all_sessions_of_one_user_end_and_nobody_elses() {
    let world = world().await;
    let ((one, _), (two, _)) = (world.sign_in(world.bob, None).await, world.sign_in(world.bob, None).await);
    let (eves, _) = world.sign_in(world.eve, None).await;
    assert_eq!(world.sessions.end_all(world.bob).await.unwrap().len(), 2);
    assert!(!world.lives(&one).await && !world.lives(&two).await);
    assert!(world.lives(&eves).await);
}

#[tokio::test]
async fn one_session_is_ended_by_its_public_id_by_its_own_user_only() {
    let world = world().await;
    let (token, session) = world.sign_in(world.bob, None).await;
    let (other, _) = world.sign_in(world.bob, None).await;
    assert_eq!(world.sessions.end_one(world.eve, session.sid).await.unwrap(), None);
    assert!(world.lives(&token).await);
    assert_eq!(world.sessions.end_one(world.bob, session.sid).await.unwrap(), Some(session));
    assert!(!world.lives(&token).await);
    assert!(world.lives(&other).await);
}

#[tokio::test]
async fn ids_are_hashed_at_rest() {
    let world = world().await;
    let (token, _) = world.sign_in(world.bob, None).await;
    let kept = world.ephemeral.list(Kind::new("session"), &world.bob.to_string()).await.unwrap();
    let [(key, value)] = kept.as_slice() else { panic!("one session") };
    assert_ne!(key, token.as_cookie_value());
    assert!(!String::from_utf8_lossy(value).contains(token.as_cookie_value()));
    assert!(world.sessions.find(key, &Origin::default()).await.unwrap().is_none(), "what is stored opens nothing");
}

#[tokio::test]
async fn a_session_remembers_where_it_was_last_used_from() {
    let world = world().await;
    let from = |last: u8, agent: &str| Origin::new(Some([192, 0, 2, last].into()), Some(agent));
    let started = world.sessions.start(world.bob, world.password(), false, None, from(1, "Browser/1"));
    let (token, _) = started.await.unwrap();
    world.sessions.find(token.as_cookie_value(), &from(2, "Browser/2")).await.unwrap();
    assert_eq!(world.sessions.list(world.bob).await.unwrap()[0].seen_from, from(1, "Browser/1"), "within a minute");
    world.clock.advance(Duration::from_secs(61));
    world.sessions.find(token.as_cookie_value(), &from(2, "Browser/2")).await.unwrap();
    assert_eq!(world.sessions.list(world.bob).await.unwrap()[0].seen_from, from(2, "Browser/2"));
}

#[test]
fn what_a_browser_says_of_itself_is_cut_and_holds_no_control_characters() {
    let agent = Origin::new(None, Some(&format!("a\nb{}", "x".repeat(1000)))).agent.unwrap();
    assert!(agent.starts_with("abx") && agent.len() == Origin::LONGEST_AGENT);
}

#[tokio::test]
async fn a_renewed_session_has_another_name_and_is_no_fresher_nor_longer() {
    let world = world().await;
    let (old, session) = world.sign_in(world.bob, None).await;
    let ended = world.sessions.end(&old).await.unwrap().unwrap();
    world.clock.advance(HOUR);
    let until = world.clock.now();
    let (new, renewed) = world.sessions.renew(ended, until, Origin::default()).await.unwrap();
    assert!(!world.lives(&old).await && world.lives(&new).await);
    assert_ne!(renewed.sid, session.sid);
    assert_eq!((renewed.auth_time, renewed.expires_at), (session.auth_time, session.expires_at));
    assert!(renewed.renewed_at.is_some_and(|at| at > until), "what was ended up to then does not hit it");
    let (_, stepped_up) = world.sign_in(world.bob, Some(&new)).await;
    assert_eq!(stepped_up.renewed_at, renewed.renewed_at, "nor what comes of it");
    let (_, eve) = world.sign_in(world.eve, None).await;
    assert_eq!(eve.renewed_at, None);
}
