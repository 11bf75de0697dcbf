//! An API with three routes: what anyone with a scope may see, what takes a permission, and what takes a recent sign-in.
//!
//! Beside a provider on this machine (`vestibule serve`):
//!
//! ```sh
//! vestibule clients create --name Billing --grant-type client_credentials        # prints CLIENT_ID and CLIENT_SECRET
//! vestibule apis create http://localhost:3000 --scope billing:read --client $CLIENT_ID
//! CLIENT_ID=… CLIENT_SECRET=… cargo run -p vestibule-guard --example billing
//! curl -i localhost:3000/invoices                                                # 401, and where to get a token
//! ```

use std::{env, error::Error, time::Duration};

use poem::{EndpointExt, Route, Server, delete, get, handler, listener::TcpListener, web::Path};
use vestibule_guard::{Claims, Guard, StepUp, Subject, require_authentication, require_permission, require_scope};

#[handler]
fn list(subject: Subject) -> String {
    format!("invoices that {subject} may see: 1, 2\n")
}

#[handler]
fn show(Path(number): Path<u32>, claims: Claims) -> String {
    format!("invoice {number}, shown to {} by {}\n", claims.subject(), claims.client_id())
}

#[handler]
fn cancel(Path(number): Path<u32>, subject: Subject) -> String {
    format!("invoice {number} was cancelled by {subject}\n")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let issuer = env::var("ISSUER").unwrap_or_else(|_| "http://localhost:8080".to_owned());
    let guard = Guard::builder(&issuer, "http://localhost:3000")
        .name("Billing")
        .scopes(["billing:read", "billing:write"])
        .client(&env::var("CLIENT_ID")?, env::var("CLIENT_SECRET")?)
        .build()?;
    let recently = StepUp::within(Duration::from_secs(5 * 60));
    let invoices = Route::new()
        .at("/invoices", get(list).with(require_scope("billing:read")))
        .at("/invoices/:number", get(show).with(require_permission("billing.view_invoice")))
        .at(
            "/invoices/:number/cancellation",
            delete(cancel).with(require_authentication(recently)).with(require_scope("billing:write")),
        )
        .with(guard.clone());
    let app = Route::new().at(guard.metadata().path(), guard.metadata()).nest("/", invoices);
    Ok(Server::new(TcpListener::bind("127.0.0.1:3000")).run(app).await?)
}
