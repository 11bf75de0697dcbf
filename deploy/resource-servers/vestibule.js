// Asks a Vestibule whether the access token of a request is good (RFC 7662): for nginx with njs. See ../../docs/resource-servers.md.

/** The token of `Authorization: Bearer …`, else nothing. */
function token(r) {
  const found = /^Bearer +([A-Za-z0-9\-._~+\/]+=*) *$/i.exec(r.variables.http_authorization || '');
  return found ? found[1] : '';
}

/** What the cache knows a token by: its hash, so that no token lies on the disk. */
function hash(r) {
  return require('crypto').createHash('sha256').update(token(r)).digest('hex');
}

/** What is sent to the introspection endpoint. */
function form(r) {
  return 'token_type_hint=access_token&token=' + encodeURIComponent(token(r));
}

function refuse(r, status, parameters) {
  r.headersOut['WWW-Authenticate'] = ('Bearer ' + parameters).trim();
  r.return(status);
}

/** Answers `auth_request`: 204 with what the backend may know, 401, or 403. */
async function check(r) {
  if (!token(r)) {
    return refuse(r, 401, '');
  }
  const answer = await r.subrequest('/_introspect');
  if (answer.status !== 200) {
    r.error('the introspection endpoint answers ' + answer.status);
    return r.return(500);
  }
  const said = JSON.parse(answer.responseText);
  const audiences = [].concat(said.aud || []);
  const now = Date.now() / 1000;
  // A token that is bound to a key or a certificate (cnf) is good from its holder only, which is not checked here.
  if (said.active !== true || !audiences.includes(r.variables.api_audience) || said.exp <= now || said.cnf) {
    return refuse(r, 401, 'error="invalid_token"');
  }
  const scopes = (said.scope || '').split(' ');
  const wanted = r.variables.api_scope;
  if (!wanted.split(' ').every((scope) => scopes.includes(scope))) {
    return refuse(r, 403, 'error="insufficient_scope", scope="' + wanted + '"');
  }
  r.headersOut['X-Subject'] = said.sub;
  r.headersOut['X-Permissions'] = (said.permissions || []).join(' ');
  r.return(204);
}

export default { check, form, hash };
