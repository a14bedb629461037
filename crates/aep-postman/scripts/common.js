// The sandbox's own; its atob and btoa are deprecated.
const { Buffer } = require('buffer');

const TEST_NAME = 'aep: access token';
const RENEWAL_MARGIN = 300; // seconds before the end, or a tenth of the token's life if that is less
const LONGEST_LIFE = 86400;
const CURE =
  'Run `aep-postman environment -o FILE` for a fresh token (with `--with-secret` this script renews it by itself) and import FILE.';
const NEWER = 'Use newman 6 (`npm install --global newman@6`), the Postman CLI, or the app.';

// What must never be shown, whatever the other side sends back to us.
const hidden = [];

// Why a new token is wanted, for the case that none can be had.
let reason = 'there is no access token';

/** Sees to it that the request about to be sent carries a live token of its own, or is not sent. */
async function main() {
  dropEmptySandboxHeader();
  const ims = imsUrl();
  if (isImsRequest(ims)) return;

  const now = Math.floor(Date.now() / 1000);
  const { secondsLeft, life } = tokenAtHand(ims, now);
  if (secondsLeft > Math.min(RENEWAL_MARGIN, life / 10)) return;
  const usable = secondsLeft > 0;
  try {
    // A token that is still good is not worth a long wait.
    keep(await fetchToken(ims, usable ? 3 : 10), ims, now);
  } catch (error) {
    if (!usable) throw error;
  }
}

async function fetchToken(ims, patience) {
  const { request, secondsPerUnit } = await tokenRequest(ims);
  const answer = read(await within(patience, send(request), 'IMS did not answer in time'));
  return { token: answer.access_token, life: lifeOf(answer, secondsPerUnit) };
}

function keep({ token, life }, ims, now) {
  set('ACCESS_TOKEN', token);
  // Without a life the token serves this request, and the next one renews it.
  set('ACCESS_TOKEN_EXPIRES_AT', String(life > 0 ? now + life : 0));
  set('ACCESS_TOKEN_FOR', note(token, life, ims));
}

/** One failed test, and no request: an exception alone would let the request go out with the old token. */
function stop(error) {
  const message = `${clean(error.message || error.code || 'the token could not be renewed')}. ${error.cure || CURE}`;
  pm.test(TEST_NAME, () => {
    throw new Error(message);
  });
  if (canStop()) pm.execution.skipRequest();
  // What cannot be stopped is sent nowhere.
  else pm.request.update({ url: '', method: 'GET' });
}

function canStop() {
  return typeof pm.execution?.skipRequest === 'function';
}

// -- the token at hand

/** How long the token at hand is good for these variables; 0 where it was fetched for others. */
function tokenAtHand(ims, now) {
  const token = text('ACCESS_TOKEN');
  const none = { secondsLeft: 0, life: LONGEST_LIFE };
  if (!isToken(token)) return none;
  hidden.push(token);

  const claims = claimsOf(token);
  const noted = text('ACCESS_TOKEN_FOR').split(' ');
  const isNoted = noted[0] === digest(token);
  const others = isNoted ? changedSince(noted, ims) : contradicting(claims, ims);
  if (others.length) {
    reason = `the access token was fetched for another ${others.join(', another ')}`;
    return none;
  }
  const life = claimed(claims.expires_in) ?? (isNoted ? number(noted[1]) : LONGEST_LIFE);
  reason = 'the access token has expired';
  // The end that stands there is another token's, where somebody has put a token of their own in.
  const wasPut = !text('ACCESS_TOKEN_EXPIRES_AT') || (noted.length > 1 && !isNoted);
  const told = claimed(claims.created_at) + claimed(claims.expires_in);
  const end = wasPut && told ? Math.min(told, now + LONGEST_LIFE) : Number(text('ACCESS_TOKEN_EXPIRES_AT'));
  if (!(end > now)) return none;
  if (!isNoted) {
    set('ACCESS_TOKEN_EXPIRES_AT', String(end));
    set('ACCESS_TOKEN_FOR', note(token, life, ims));
  }
  return { secondsLeft: end - now, life: life || LONGEST_LIFE };
}

/** What a token was fetched for; it begins with the token's digest, so that it is another's note for any other token. */
function note(token, life, ims) {
  return [digest(token), life, ...identity(ims)].join(' ');
}

function identity(ims) {
  const words = [text('API_KEY'), ims, text('IMS_ORG'), [...scopes()].sort().join(',')];
  return words.map((word) => word.replace(/ /g, '%20') || '-');
}

/** The variables that are no longer what they were when the token was fetched. */
function changedSince([, , ...then], ims) {
  const names = ['API_KEY', 'IMS', 'IMS_ORG', FLOW === 'jwt' ? 'META_SCOPE' : 'SCOPES'];
  return identity(ims).flatMap((word, place) => (word === then[place] ? [] : [names[place]]));
}

/** The variables that a token that came without a note contradicts by its claims: what it does not tell, it cannot. */
function contradicting(claims, ims) {
  const [, server] = /^https:\/\/(ims-[^./]+)\.adobelogin\.com$/.exec(ims) || [];
  const differs = (claim, wanted) => typeof claim === 'string' && wanted && claim !== wanted;
  const same = (list) => list.filter(Boolean).sort().join(',');
  const told = FLOW === 'oauth' && typeof claims.scope === 'string' && text('SCOPES');
  return [
    differs(claims.client_id, text('API_KEY')) && 'API_KEY',
    differs(claims.as, server) && 'IMS',
    differs(claims.org, text('IMS_ORG')) && 'IMS_ORG',
    told && same(claims.scope.split(/[\s,]+/)) !== same([...scopes()]) && 'SCOPES',
  ].filter(Boolean);
}

/** FNV-1a: tells tokens apart, and one cannot be had from it. */
function digest(token) {
  const mixed = [...token].reduce((hash, character) => Math.imul(hash ^ character.charCodeAt(0), 0x01000193), 0x811c9dc5);
  return (mixed >>> 0).toString(16).padStart(8, '0');
}

// -- the answer

function read(response) {
  const answer = parsed(response.text());
  if (!answer || typeof answer !== 'object') {
    throw new Error(`IMS answered ${response.code} with something other than JSON`);
  }
  if (answer.error) {
    const words = [answer.error, answer.error_description].filter((word) => typeof word === 'string').map(clean);
    const id = response.headers.get('x-debug-id');
    const migrated = response.code >= 500 && answer.error === 'internal_error' && FLOW === 'jwt';
    throw Object.assign(new Error(`IMS refused: ${words.join(': ')}${id ? ` (x-debug-id ${clean(id)})` : ''}`), {
      cure: migrated
        ? 'A credential that was migrated to OAuth answers so: use `aep-postman script --flow oauth`.'
        : undefined,
    });
  }
  if (response.code !== 200) throw new Error(`IMS answered ${response.code}`);
  if (!isToken(answer.access_token)) throw new Error('IMS answered without a token that a header may hold');
  hidden.push(answer.access_token);
  return answer;
}

function isToken(value) {
  // Postman would resolve {{…}} inside a variable's value.
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) && !value.includes('{{');
}

function lifeOf(answer, secondsPerUnit) {
  const life = claimed(claimsOf(answer.access_token).expires_in) ?? number(answer.expires_in) * secondsPerUnit;
  return Math.max(0, Math.floor(Math.min(life || 0, LONGEST_LIFE)));
}

/** What an IMS token tells of itself; nothing where it is of another kind. */
function claimsOf(token) {
  return parsed(Buffer.from(token.split('.')[1] || '', 'base64').toString()) || {};
}

/** A time among the claims, in seconds: there it is in milliseconds, as a string. */
function claimed(value) {
  const seconds = number(value) / 1000;
  return Number.isNaN(seconds) ? undefined : seconds;
}

function number(value) {
  return typeof value === 'number' || (typeof value === 'string' && value.trim()) ? Number(value) : NaN;
}

function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function clean(words) {
  let shown = String(words);
  for (const secret of hidden) shown = shown.split(secret).join('***');
  // eslint-disable-next-line no-control-regex -- these are what must not reach a terminal
  shown = shown.replace(/[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]+/gu, ' ').trim();
  return shown.length > 300 ? `${shown.slice(0, 300)}…` : shown;
}

// -- the settings

function text(name) {
  const value = pm.variables.get(name);
  return value === undefined || value === null ? '' : String(value).trim();
}

/** Sets a variable of the environment, also where a row of a data file has one of that name and would win. */
function set(name, value) {
  pm.environment.set(name, value);
  if (text(name) !== value) pm.variables.set(name, value);
}

function required(name) {
  const value = text(name);
  if (!value) throw new Error(`the variable ${name} is not set`);
  return value;
}

/** A comma or space separated list, or an array, or an array as JSON text: all of them are in use. */
function list(name, preset) {
  const value = pm.variables.get(name);
  const array = Array.isArray(value) ? value : parsed(text(name));
  const items = (Array.isArray(array) ? array : [text(name)]).flatMap((item) => String(item).split(/[\s,]+/));
  const named = items.filter(Boolean);
  return named.length ? named : preset;
}

/** A secret from the variables, else from Postman's vault, which may be absent, closed or refused by the user. */
async function secret(name) {
  const value = text(name);
  const reference = /^\{\{vault:([^{}]+)\}\}$/.exec(value);
  let found = reference ? '' : value;
  if (!found) {
    try {
      const entry = reference ? reference[1].trim() : `aep_${name.toLowerCase()}`;
      found = String((await within(60, pm.vault.get(entry), 'no answer')) ?? '').trim();
    } catch {
      found = '';
    }
  }
  if (!found) throw new Error(`${reason}, and there is no ${name} to renew it with`);
  hidden.push(found);
  return found;
}

/** The base of all IMS addresses, without a slash at the end; a secret goes nowhere else. */
function imsUrl() {
  const form = /^(?:(https?):\/\/)?(\[[\da-f:]+\]|[\da-z.-]+)(:\d{1,5})?\/*$/i;
  const [match, scheme = 'https', host, port = ''] = form.exec(text('IMS') || 'ims-na1.adobelogin.com') || [];
  if (!match) throw new Error('the variable IMS is neither a host nor an https URL');
  if (scheme.toLowerCase() === 'http' && !/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(host)) {
    throw new Error('the variable IMS asks for plain http, which is for loopback alone');
  }
  return `${scheme}://${host}${port}`.toLowerCase();
}

// -- the request about to be sent

/** Whether it is a token request itself, as Adobe's own collections have one. */
function isImsRequest(ims) {
  // Those write https://{{IMS}}/…, which has two schemes where IMS is a URL.
  const bare = (url) => url.toLowerCase().replace(/^(https?:\/\/)+/, '').replace(/^([^/?#]+):443(?=[/?#]|$)/, '$1');
  return bare(pm.variables.replaceIn(pm.request.url.toString())).startsWith(`${bare(ims)}/ims/`);
}

function dropEmptySandboxHeader() {
  const unset = (value) => !value.trim() || value.includes('{{');
  const empty = pm.request.headers
    .filter((header) => /^x-sandbox-name$/i.test(header.key))
    .some((header) => unset(pm.variables.replaceIn(String(header.value ?? ''))));
  if (empty) pm.request.headers.remove('x-sandbox-name');
}

// -- the sandbox

function send(request) {
  return new Promise((resolve, reject) => {
    pm.sendRequest(request, (error, response) => {
      // newman's error has a code and no message.
      if (error) reject(new Error(`IMS cannot be reached: ${error.message || error.code || 'connection failed'}`));
      else resolve(response);
    });
  });
}

function within(seconds, promise, otherwise) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise)), seconds * 1000);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

if (canStop()) {
  // The sandbox waits for timers and for its own requests, not for other promises.
  const waiting = setInterval(() => {}, 100);
  main()
    .catch(stop)
    .finally(() => clearInterval(waiting));
} else {
  // newman 5 ends with 0 after a timer that is cleared, whatever failed before.
  stop({ message: 'this program is too old for a script to stop a request', cure: NEWER });
}
