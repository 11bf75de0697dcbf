//! What we send to others: mail, and the durable outbox it waits in.
