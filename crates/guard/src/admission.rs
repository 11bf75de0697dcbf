//! Admitting a request: its phases in order, and what came out of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use poem::Request;
use vestibule_core::{Clock, Random};
use vestibule_jose::{Algorithm, x5t_s256};

use crate::{
    Claims, Denied, Refusal, TokenFault,
    certificate::{Forwarded, certificate},
    challenge::Terms,
    claims::Expected,
    credentials::{Credentials, Scheme, proof},
    dpop::{Dpop, Sent},
    introspection::Client,
    local,
    provider::Provider,
    revocations::{self, Follows, Revocations},
    verdicts::{Name, Told, Verdicts, keepable},
};

/// How long what the provider said of a token counts, while the stream of revocations is there.
const TOLD: Duration = Duration::from_secs(60);
/// The same while it is not, and what it said of a token that is not active.
const TOLD_BRIEFLY: Duration = Duration::from_secs(5);

/// How long a request waits for others that ask the provider.
const PATIENCE: Duration = Duration::from_secs(6);

/// How strictly tokens are taken.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) audience: String,
    /// What stands before the path of a request, as clients know it.
    pub(crate) base: String,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) introspect_always: bool,
    pub(crate) dpop_only: bool,
    pub(crate) forwarded: Option<Forwarded>,
    pub(crate) blind: Duration,
}

/// All that a guard knows.
#[derive(Debug)]
pub(crate) struct Admission {
    rules: Rules,
    provider: Provider,
    client: Option<Client>,
    dpop: Dpop,
    revocations: Revocations,
    verdicts: Verdicts,
    terms: Arc<Terms>,
    clock: Clock,
    random: Random,
    follows: AtomicBool,
}

/// A request that was admitted. It lies in the request for those inside to ask.
#[derive(Clone)]
pub(crate) struct Admitted {
    pub(crate) claims: Claims,
    pub(crate) by: Scheme,
    admission: Arc<Admission>,
    /// To ask about its permissions, should a route want to know. It is a secret.
    token: Arc<str>,
}

impl Follows for Admission {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    fn client(&self) -> Option<&Client> {
        self.client.as_ref()
    }

    fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    fn random(&self) -> &Random {
        &self.random
    }
}

impl Admission {
    #[allow(clippy::too_many_arguments, reason = "each part of it once, from the one who makes it")]
    pub(crate) fn new(
        rules: Rules,
        provider: Provider,
        client: Option<Client>,
        dpop: Dpop,
        revocations: Revocations,
        verdicts: Verdicts,
        terms: Terms,
        clock: Clock,
        random: Random,
    ) -> Arc<Self> {
        let (terms, follows) = (Arc::new(terms), AtomicBool::new(false));
        Arc::new(Self { rules, provider, client, dpop, revocations, verdicts, terms, clock, random, follows })
    }

    /// Begins to follow the stream of revocations, where that has not begun.
    pub(crate) fn follow(self: &Arc<Self>) {
        if self.client.is_some() && !self.follows.swap(true, Ordering::Relaxed) {
            tokio::spawn(revocations::follow(Arc::downgrade(self)));
        }
    }

    /// Waits until the keys and the stream are there.
    pub(crate) async fn ready(self: &Arc<Self>) -> Result<(), Denied> {
        self.follow();
        self.provider.keys().await.ok_or(Denied::Unavailable)?;
        if self.client.is_some() {
            self.revocations.until_in_touch().await;
        }
        Ok(())
    }

    /// Admits a request, or says why not.
    pub(crate) async fn admit(self: &Arc<Self>, request: &Request) -> Result<Admitted, Refusal> {
        let scheme = Credentials::read(request.headers()).ok().map(|credentials| credentials.scheme);
        self.try_to_admit(request).await.map_err(|denied| {
            tracing::debug!(reason = denied.to_string(), "a request was refused");
            self.refuse(denied, scheme)
        })
    }

    /// The answer to a request that is refused.
    pub(crate) fn refuse(&self, denied: Denied, scheme: Option<Scheme>) -> Refusal {
        let nonce = if scheme == Some(Scheme::Dpop) { self.dpop.nonce() } else { None };
        Refusal::new(denied, self.terms.clone()).by(scheme).with_nonce(nonce)
    }

    /// The nonce for the client's next proof.
    pub(crate) fn nonce(&self) -> Option<String> {
        self.dpop.nonce()
    }

    async fn try_to_admit(self: &Arc<Self>, request: &Request) -> Result<Admitted, Denied> {
        self.follow();
        let credentials = Credentials::read(request.headers())?;
        if self.rules.dpop_only && credentials.scheme == Scheme::Bearer {
            return Err(TokenFault::Unbound.into());
        }
        let claims = self.good(credentials.token).await?;
        self.is_its_holder(request, credentials, &claims)?;
        let token = credentials.token.into();
        Ok(Admitted { claims, by: credentials.scheme, admission: self.clone(), token })
    }

    /// What a token says, where it is good.
    async fn good(&self, token: &str) -> Result<Claims, Denied> {
        let name = Name::of(token);
        if self.rules.introspect_always || !local::is_jwt(token) {
            return self.told(name, token).await;
        }
        let claims = self.verified(name, token).await?;
        if self.client.is_none() || self.revocations.in_touch() {
            return Ok(claims);
        }
        match self.told(name, token).await {
            Err(Denied::Unavailable) if self.may_believe_blindly() => Ok(claims),
            told => told,
        }
    }

    /// Whether the stream was there a short while ago.
    fn may_believe_blindly(&self) -> bool {
        self.clock.now().since(self.revocations.out_of_touch_since()) < self.rules.blind
    }

    /// What a JWT says, verified by the provider's keys: now, or earlier by the same keys.
    async fn verified(&self, name: Name, token: &str) -> Result<Claims, Denied> {
        if let Some((claims, by)) = self.verdicts.of(&name).verified {
            let keys = self.provider.keys().await.ok_or(Denied::Unavailable)?;
            if Arc::ptr_eq(&keys, &by) {
                return self.alive(claims);
            }
        }
        let (claims, keys) = local::verify(&self.provider, &self.rules.algorithms, token, self.expected()).await?;
        self.verdicts.verified(name, &claims, &keys);
        self.alive(claims)
    }

    /// What the provider says of a token: now, or a while ago.
    async fn told(&self, name: Name, token: &str) -> Result<Claims, Denied> {
        let client = self.client.as_ref().ok_or(TokenFault::Opaque)?;
        if let Some(told) = self.told_lately(&name) {
            return told;
        }
        let alone = tokio::time::timeout(PATIENCE, self.verdicts.alone(&name)).await;
        let _alone = alone.map_err(|_| Denied::Unavailable)?;
        if let Some(told) = self.told_lately(&name) {
            return told;
        }
        let asked_at = self.clock.now();
        let answer = client.introspect(&self.provider, token, self.expected()).await;
        if let Some(what) = keepable(&answer) {
            self.verdicts.told(name, Told { what, asked_at });
        }
        self.alive(answer?)
    }

    fn told_lately(&self, name: &Name) -> Option<Result<Claims, Denied>> {
        let told = self.verdicts.of(name).told?;
        let counts = if told.what.is_ok() && self.revocations.in_touch() { TOLD } else { TOLD_BRIEFLY };
        let counts = self.clock.now().since(told.asked_at) < counts;
        counts.then(|| self.alive(told.what?))
    }

    /// Asked each time: whether it has expired, or was ended.
    fn alive(&self, claims: Claims) -> Result<Claims, Denied> {
        claims.check_times(self.clock.now())?;
        if self.revocations.hits(claims.facts()) {
            return Err(TokenFault::Revoked.into());
        }
        Ok(claims)
    }

    /// Whether the one who sends the token is the one whom it was given to, where it says how that is proved.
    fn is_its_holder(&self, request: &Request, credentials: Credentials<'_>, claims: &Claims) -> Result<(), Denied> {
        if let Some(wanted) = claims.certificate() {
            let sent = certificate(request, self.rules.forwarded.as_ref());
            if sent.is_none_or(|der| x5t_s256(&der) != wanted) {
                return Err(TokenFault::OtherCertificate.into());
            }
        }
        match (claims.key(), credentials.scheme) {
            (None, Scheme::Bearer) => Ok(()),
            (Some(_), Scheme::Bearer) => Err(TokenFault::BearerOfBound.into()),
            (key, Scheme::Dpop) => {
                let url = format!("{}{}", self.rules.base, path(request));
                let (method, token) = (request.method().as_str(), credentials.token);
                let proof = self.dpop.check(Sent { method, url: &url, token, proof: proof(request.headers()) })?;
                if key != Some(proof.jkt()) {
                    return Err(TokenFault::OtherKey.into());
                }
                self.dpop.spend(&proof)
            }
        }
    }

    fn expected(&self) -> Expected<'_> {
        Expected { issuer: self.provider.issuer(), audience: &self.rules.audience, now: self.clock.now() }
    }
}

/// The path of a request as it came, before routes took away what they are nested below. A request that a test built has none.
fn path(request: &Request) -> &str {
    match request.original_uri().path() {
        "" | "/" => request.uri().path(),
        path => path,
    }
}

impl Admitted {
    /// The admission of a request, where a guard stands around the route.
    pub(crate) fn of(request: &Request) -> Result<&Self, Refusal> {
        request.data::<Self>().ok_or_else(Refusal::unguarded)
    }

    pub(crate) fn refuse(&self, denied: Denied) -> Refusal {
        self.admission.refuse(denied, Some(self.by))
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.admission.clock
    }

    /// What the token's person may do: as the token says, else as the provider does.
    pub(crate) async fn permissions(&self) -> Result<Vec<String>, Refusal> {
        if let Some(permissions) = self.claims.permissions() {
            return Ok(permissions.to_vec());
        }
        if self.admission.client.is_none() {
            tracing::error!(
                "a route asks for permissions, which stand in no JWT: give the guard a client, so that it can ask"
            );
            return Err(self.refuse(Denied::Unguarded));
        }
        let told = self.admission.told(Name::of(&self.token), &self.token).await;
        let claims = told.map_err(|denied| self.refuse(denied))?;
        Ok(claims.permissions().map(<[_]>::to_vec).unwrap_or_default())
    }
}

impl std::fmt::Debug for Admitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admitted").field("subject", &self.claims.subject()).finish_non_exhaustive()
    }
}
