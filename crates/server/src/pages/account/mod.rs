//! The pages of `/account`, where people look after what is theirs.
//!
//! Each stands behind a sign-in. A form that does something to one thing of a list carries what it is about unseen; the name
//! of that field stands at the page. After a change the person is sent back to the list, which then says what was
//! [`done`](Sessions::done).

mod api_tokens;
mod applications;
mod emails;
mod home;
mod profile;
mod second_factor;
mod sessions;

pub use api_tokens::{ApiTokens, NewApiToken, TokenForm, TokenLine, TokenScope};
pub use applications::{Applications, ConsentLine};
pub use emails::{EmailLine, Emails, PhoneLine};
pub use home::{Account, PasswordState};
pub use profile::Profile;
pub use second_factor::{SecondFactorSettings, SecondFactorState};
pub use sessions::{SessionLine, Sessions};
