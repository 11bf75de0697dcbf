//! Hears what is published, on a connection of its own.
//!
//! The connection speaks RESP3, in which messages are pushed to it; when it breaks it is made anew and subscribes again by
//! itself. What is published while it is broken is lost, as [`crate::Ephemeral::publish`] says.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use redis::{
    Client, ProtocolVersion, PushInfo, PushKind, RedisResult, Value,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use super::connect;
use crate::{Error, Subscription, bus::Bus};

/// How often connections are tried; a broken one is made anew by that.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// One connection, and those who listen to it.
pub(super) struct Listener {
    connection: ConnectionManager,
    bus: Arc<Bus>,
    place: Arc<str>,
}

impl Listener {
    /// `commands` is the other connection to the same server: it is kept up as well, so that after an outage nobody's command is
    /// the one that finds it broken.
    pub(super) async fn connect(client: &Client, commands: ConnectionManager, place: Arc<str>) -> Result<Self, Error> {
        let information = client.get_connection_info().clone();
        let settings = information.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let open = Client::open(information.set_redis_settings(settings));
        let client = open.map_err(|error| connect::unavailable(&place, &error))?;

        let bus = Arc::new(Bus::default());
        let connection = ConnectionManager::new_with_config(client, settings_of(&bus))
            .await
            .map_err(|error| connect::unavailable(&place, &error))?;
        tokio::spawn(keep_alive(connection.clone(), Arc::downgrade(&bus)));
        tokio::spawn(keep_alive(commands, Arc::downgrade(&bus)));
        Ok(Self { connection, bus, place })
    }

    /// Returns once the server has confirmed: what is published after that is heard.
    pub(super) async fn subscribe(&self, channel: &str) -> Result<Subscription, Error> {
        let subscription = self.bus.subscribe(channel);
        let confirmed = self.connection.clone().subscribe(channel).await;
        confirmed.map_err(|error| connect::unavailable(&self.place, &error))?;
        Ok(subscription)
    }

    pub(super) fn close(&self) {
        self.bus.close();
    }
}

fn settings_of(bus: &Arc<Bus>) -> ConnectionManagerConfig {
    let bus = Arc::downgrade(bus);
    connect::settings().set_automatic_resubscription().set_push_sender(move |push: PushInfo| {
        if let Some(bus) = bus.upgrade() {
            hear(&bus, &push);
        }
        Ok::<(), std::convert::Infallible>(())
    })
}

fn hear(bus: &Bus, push: &PushInfo) {
    match (&push.kind, push.data.as_slice()) {
        (PushKind::Message, [Value::BulkString(channel), Value::BulkString(message)]) => {
            if let Ok(channel) = std::str::from_utf8(channel) {
                bus.publish(channel, message);
            }
        }
        (PushKind::Disconnection, _) => tracing::warn!("The connection to Redis that hears of changes broke"),
        _ => {}
    }
}

/// Until the listener is dropped.
async fn keep_alive(mut connection: ConnectionManager, bus: Weak<Bus>) {
    while bus.strong_count() > 0 {
        tokio::time::sleep(TRY_EVERY).await;
        let answer: RedisResult<()> = redis::cmd("PING").query_async(&mut connection).await;
        if let Err(error) = answer {
            tracing::debug!(%error, "Redis does not answer");
        }
    }
}
