//! What goes along with a change: a statement that the transaction of the change runs first, so that there is neither without
//! the other. It is how the record of a change comes to be written by those who make the change and know nothing of records.
//!
//! ```text
//! accompanied(statement, change) ─▶ change calls begin ─▶ the statement runs ─▶ commit: both are there; rollback: neither
//! ```

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};

use crate::Database;

tokio::task_local! {
    static COMPANION: Arc<Companion>;
}

#[derive(Debug)]
struct Companion {
    statement: Statement,
    ran: AtomicBool,
}

impl Database {
    /// Does `change`, and runs `statement` in the first transaction that it begins. Answers what came of the change, and
    /// whether the statement was run: a change of one statement begins no transaction, and takes nothing along.
    pub async fn accompanied<T>(&self, statement: Statement, change: impl Future<Output = T>) -> (T, bool) {
        let companion = Arc::new(Companion { statement, ran: AtomicBool::new(false) });
        let outcome = COMPANION.scope(Arc::clone(&companion), change).await;
        (outcome, companion.ran.load(Ordering::Relaxed))
    }
}

/// Runs what goes along with the change that this task makes, if anything does.
pub(crate) async fn run_in(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    let Ok(companion) = COMPANION.try_with(Arc::clone) else { return Ok(()) };
    if !companion.ran.swap(true, Ordering::Relaxed) {
        transaction.execute_raw(companion.statement.clone()).await?;
    }
    Ok(())
}
