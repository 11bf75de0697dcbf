//! The generator against servers of a few lines.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use super::*;
use crate::description::Description;

/// Serves on a free port: each connection by `serve`, which gets the head and the body of each request.
fn server(serve: impl Fn(&str, &str) -> String + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || while answer(&stream, &serve).is_some_and(|closes| !closes) {});
        }
    });
    authority
}

fn answer(mut stream: &TcpStream, serve: &impl Fn(&str, &str) -> String) -> Option<bool> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    let said = serve(&head, &String::from_utf8_lossy(&body));
    stream.write_all(said.as_bytes()).ok()?;
    Some(said.contains("Connection: close"))
}

fn ok(fields: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn task(authority: &str, prepare: &str, steps: &str, connections: usize) -> Task {
    let text = format!(
        r#"{{"name": "x", "base": "http://{authority}",
            "rows": [{{"name": "r", "title": "R", "prepare": {prepare}, "steps": {steps}}}]}}"#
    );
    let description = Description::parse(&text).unwrap();
    let mut names = Names::of(&description, &description.rows[0]).unwrap();
    let prepare = Script::to_prepare(&description.rows[0], &description, &mut names).unwrap();
    let steps = Script::of(&description.rows[0], &description, &mut names).unwrap();
    Task {
        names: names.into(),
        prepare: prepare.into(),
        steps: steps.into(),
        keep_cookies: false,
        connections,
        pace: None,
    }
}

fn span() -> Span {
    Span {
        warm: Duration::from_millis(10),
        measured: Duration::from_millis(100),
        pids: Vec::new(),
        cores: Cores { server: 0, load: 0 },
    }
}

#[test]
fn each_connection_asks_again_when_it_is_answered() {
    let authority = server(|_, _| ok("", "hello"));
    let outcome =
        run(&authority, &[task(&authority, "[]", r#"[{"get": "/", "contains": "hello"}]"#, 3)], &span()).unwrap();
    assert_eq!(outcome.errors, 0, "{:?}", outcome.first_error);
    assert!(outcome.latencies[0].count() > 10, "{}", outcome.latencies[0].count());
    assert!(outcome.elapsed >= Duration::from_millis(100));
}

#[test]
fn what_is_prepared_is_used_by_each_operation_and_cookies_stay_behind() {
    let authority = server(|head, _| {
        if head.starts_with("GET /begin") {
            return ok("Set-Cookie: a=1\r\n", r#"{"token": "t0"}"#);
        }
        let known = head.contains("Bearer t0") && !head.contains("Cookie:");
        ok("", if known { "yes" } else { "no" })
    });
    let prepare = r#"[{"get": "/begin", "take": {"token": {"json": "/token"}}}]"#;
    let steps = r#"[{"get": "/use", "headers": {"Authorization": "Bearer ${token}"}, "contains": "yes"}]"#;
    let outcome = run(&authority, &[task(&authority, prepare, steps, 2)], &span()).unwrap();
    assert_eq!(outcome.errors, 0, "{:?}", outcome.first_error);
    assert!(outcome.latencies[0].count() > 0);
}

#[test]
fn within_an_operation_cookies_and_addresses_are_followed() {
    let authority = server(|head, body| match head.split(' ').nth(1).unwrap() {
        "/begin" => {
            let host = head.lines().find_map(|line| line.strip_prefix("Host: ")).unwrap().to_owned();
            format!(
                "HTTP/1.1 303 See Other\r\nSet-Cookie: a=1\r\nLocation: http://{host}/next?x=1\r\nContent-Length: 0\r\n\r\n"
            )
        }
        "/next?x=1" if head.contains("Cookie: a=1\r\n") => ok("", r#"<input value="v&amp;w">"#),
        "/end" if body == "v=v%26w" => ok("", "done"),
        _ => ok("", "lost"),
    });
    let steps = r#"[{"get": "/begin", "status": 303, "forget_cookies": true, "take": {"at": {"header": "location"}}},
        {"get": "${at}", "take": {"v": {"between": ["value=\"", "\""]}}},
        {"post": "/end", "form": {"v": "${v}"}, "contains": "done"}]"#;
    let outcome = run(&authority, &[task(&authority, "[]", steps, 2)], &span()).unwrap();
    assert_eq!(outcome.errors, 0, "{:?}", outcome.first_error);
    assert!(outcome.latencies[0].count() > 0);
}

#[test]
fn a_connection_that_the_provider_ends_is_made_anew() {
    let authority = server(|_, _| ok("Connection: close\r\n", "hello"));
    let outcome = run(&authority, &[task(&authority, "[]", r#"[{"get": "/"}]"#, 1)], &span()).unwrap();
    assert_eq!(outcome.errors, 0, "{:?}", outcome.first_error);
    assert!(outcome.reconnected > 0 && outcome.latencies[0].count() > 0);
}

#[test]
fn a_wrong_answer_is_an_error_and_too_many_end_the_row() {
    let authority = server(|_, _| ok("", "no"));
    let wrong = task(&authority, "[]", r#"[{"get": "/p?q", "contains": "yes"}]"#, 1);
    let failure = run(&authority, std::slice::from_ref(&wrong), &span()).unwrap_err().to_string();
    assert!(failure.contains("GET /p: \"yes\" does not stand in no"), "{failure}");
    assert!(rehearse(&authority, &[wrong], |_| {}).is_err());
}

#[test]
fn a_rehearsal_asks_once_and_tells_what_was_said() {
    let authority = server(|head, _| ok("", if head.starts_with("GET /begin") { "first" } else { "second" }));
    let mut told = Vec::new();
    let task = task(&authority, r#"[{"get": "/begin"}]"#, r#"[{"get": "/go"}]"#, 5);
    rehearse(&authority, &[task], |line| told.push(line.to_owned())).unwrap();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[0].contains("/begin") && told[1].contains("first"));
    assert!(told[2].contains("/go") && told[3].contains("second"));
}

#[test]
fn what_is_asked_beside_keeps_its_pace() {
    let authority = server(|_, _| ok("", "hello"));
    let steps = r#"[{"get": "/"}]"#;
    let beside = Task { pace: Some(Duration::from_millis(20)), ..task(&authority, "[]", steps, 1) };
    let outcome = run(&authority, &[task(&authority, "[]", steps, 1), beside], &span()).unwrap();
    let asked = outcome.latencies[1].count();
    assert!((2..=7).contains(&asked), "{asked} in 100 ms at one in 20 ms");
}
