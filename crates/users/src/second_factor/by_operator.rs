//! What needs no key: to look whether somebody has a second factor, and to take it away. So an operator can do both where only
//! the database is at hand.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use vestibule_core::{Timestamp, UserId};
use vestibule_database::{Database, Gather, in_few_shapes};

use super::{
    SecondFactorStatus,
    entity::{codes, devices},
};
use crate::{Unavailable, Users};

impl Users {
    /// What `user` has of second factors.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn second_factor(&self, user: UserId) -> Result<SecondFactorStatus, Unavailable> {
        Ok(status(&self.database, user).await?)
    }

    /// Takes the second factor of `user` away, with its recovery codes; also one that is being set up. `true` where there was any.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn reset_second_factor(&self, user: UserId) -> Result<bool, Unavailable> {
        Ok(take_away(&self.database, user).await?)
    }
}

pub(super) async fn status(database: &Database, user: UserId) -> Result<SecondFactorStatus, DbErr> {
    let enrolled_at = enrolled_at(database, user).await?;
    Ok(SecondFactorStatus { enrolled_at, recovery_codes_left: codes_left(database, user).await? })
}

pub(super) async fn enrolled_at(database: &Database, user: UserId) -> Result<Option<Timestamp>, DbErr> {
    let device = devices::Entity::find_by_id(user.to_string()).one(database.reader()).await?;
    Ok(device.and_then(|device| device.confirmed_at).map(Timestamp::from_millis))
}

/// So many people are asked about by one statement at most.
const MOST: usize = 32;

/// Whether people, by their ids, have a second factor that is set up: asked in groups.
pub(super) fn enrolled(database: Database) -> Gather<String, bool> {
    Gather::new(MOST, move |users: Vec<String>| {
        let database = database.clone();
        async move {
            let asked = in_few_shapes(users.clone(), &String::new());
            let found: Vec<String> = devices::Entity::find()
                .select_only()
                .column(devices::Column::UserId)
                .filter(devices::Column::UserId.is_in(asked))
                .filter(devices::Column::ConfirmedAt.is_not_null())
                .into_tuple()
                .all(database.reader())
                .await?;
            let found: HashSet<String> = found.into_iter().collect();
            Ok(users.iter().map(|user| found.contains(user)).collect())
        }
    })
}

pub(super) async fn codes_left(database: &Database, user: UserId) -> Result<u64, DbErr> {
    let of_user = codes::Entity::find().filter(codes::Column::UserId.eq(user.to_string()));
    of_user.filter(codes::Column::UsedAt.is_null()).count(database.reader()).await
}

pub(super) async fn take_away(database: &Database, user: UserId) -> Result<bool, DbErr> {
    let gone = devices::Entity::delete_by_id(user.to_string()).exec(database.writer()).await?;
    if gone.rows_affected > 0 {
        tracing::info!(%user, "a second factor was taken away");
    }
    Ok(gone.rows_affected > 0)
}
