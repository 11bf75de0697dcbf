//! How late another replica hears of a revocation: measured from outside, as an API would notice.
//!
//! Two providers share a PostgreSQL database and a Redis. A token is got and revoked at the first, and the second is asked about
//! it again and again until it says that it is not good. Once they share the bus, and once they do not, as when Redis cannot be
//! reached: then the second learns of it from the table.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::{
    answer::Answer,
    arguments::Arguments,
    failure::{Failure, While},
    machine::Cores,
    provider::{Servers, Vestibule},
    statistics::{Latencies, millis},
};

/// How many revocations are timed in each way.
const TRIES: usize = 300;
/// A replica that has not heard by then never will.
const PATIENCE: Duration = Duration::from_secs(10);

/// Measures both ways, and prints a table.
pub(crate) fn run(arguments: &Arguments, cores: Cores) -> Result<(), Failure> {
    let (Some(database), Some(redis)) = (&arguments.database, &arguments.redis) else {
        return Err(Failure::because("--lag wants --database postgres://… (an empty one) and --redis redis://…"));
    };
    let servers = Servers { database: database.clone(), redis: redis.clone() };
    println!("| Replicas | revocations | p50 ms | p99 ms | longest ms |\n| --- | ---: | ---: | ---: | ---: |");
    let first = Vestibule::register_on(&arguments.vestibule, &arguments.folder.join("first"), &servers, cores)?;
    for (name, apart) in [("with the bus", false), ("without it", true)] {
        let folder = arguments.folder.join(if apart { "apart" } else { "together" });
        let second = first.replica(&folder, &servers, apart)?;
        let mut lags = measured(&first, &second)?;
        println!(
            "| {name} | {} | {:.1} | {:.1} | {:.1} |",
            lags.count(),
            millis(lags.percentile(0.5)),
            millis(lags.percentile(0.99)),
            millis(lags.percentile(1.0))
        );
    }
    Ok(())
}

fn measured(first: &Vestibule, second: &Vestibule) -> Result<Latencies, Failure> {
    let ((_here, _), (_there, _)) = (first.start()?, second.start()?);
    let basic = variable(&first.variables, "service_basic")?;
    let (mut here, mut there) = (Asker::of(first.authority(), basic)?, Asker::of(second.authority(), basic)?);
    let mut lags = Latencies::default();
    for number in 0..TRIES {
        // Not in step with whatever the replica does at its own pace.
        std::thread::sleep(Duration::from_micros(((number * 7919) % 400_000) as u64 / 4));
        let body = here.asks("/oauth2/token", "grant_type=client_credentials&scope=bench.es256")?;
        let given: serde_json::Value = serde_json::from_slice(&body).doing(|| "a token was not given".to_owned())?;
        let token = given["access_token"].as_str().unwrap_or_default();
        let about = format!("token={token}");
        if !is_active(&there.asks("/oauth2/introspect", &about)?) {
            return Err(Failure::because("the second replica does not know a token of the first"));
        }
        here.asks("/oauth2/revoke", &about)?;
        let revoked = Instant::now();
        while is_active(&there.asks("/oauth2/introspect", &about)?) {
            if revoked.elapsed() > PATIENCE {
                return Err(Failure::because("the second replica did not hear of a revocation"));
            }
        }
        lags.push(revoked.elapsed());
    }
    Ok(lags)
}

fn is_active(body: &[u8]) -> bool {
    body.windows(13).any(|part| part == b"\"active\":true")
}

fn variable<'a>(variables: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Failure> {
    variables.get(name).map(String::as_str).ok_or_else(|| Failure::because(format!("{name} was not registered")))
}

/// A client of the provider, on one connection.
struct Asker<'a> {
    stream: TcpStream,
    authority: &'a str,
    basic: &'a str,
    answer: Answer,
}

impl<'a> Asker<'a> {
    fn of(authority: &'a str, basic: &'a str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(authority).doing(|| format!("{authority} cannot be reached"))?;
        stream.set_nodelay(true).doing(|| "a connection cannot be set".to_owned())?;
        Ok(Self { stream, authority, basic, answer: Answer::default() })
    }

    /// Posts a form, and gives the body of the answer, which has to be 200.
    fn asks(&mut self, path: &str, form: &str) -> Result<Vec<u8>, Failure> {
        let told = || format!("{path} does not answer");
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            self.authority,
            self.basic,
            form.len()
        );
        self.stream.write_all(request.as_bytes()).doing(told)?;
        self.answer.clear();
        let mut buffer = [0; 16 * 1024];
        loop {
            let read = self.stream.read(&mut buffer).doing(told)?;
            if read == 0 {
                return Err(Failure::because(format!("{path}: the connection ended")));
            }
            if self.answer.take(&buffer[..read])? {
                break;
            }
        }
        match self.answer.status() {
            200 => Ok(self.answer.body().to_vec()),
            other => Err(Failure::because(format!("{path} answers {other}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_good_is_told_from_what_is_not() {
        assert!(is_active(br#"{"active":true,"iss":"x"}"#));
        assert!(!is_active(br#"{"active":false}"#) && !is_active(b""));
    }
}
